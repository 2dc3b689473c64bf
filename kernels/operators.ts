// The codes of wasm/operators.ts, in its order; a test compares the two.

export const UNARY_ABS: i32 = 0;
export const UNARY_NEG: i32 = 1;
export const UNARY_FLOOR: i32 = 2;
export const UNARY_CEIL: i32 = 3;
export const UNARY_ROUND: i32 = 4;
export const UNARY_SIGN: i32 = 5;
export const UNARY_SQRT: i32 = 6;
export const UNARY_RSQRT: i32 = 7;
export const UNARY_SQUARE: i32 = 8;
export const UNARY_RECIPROCAL: i32 = 9;
export const UNARY_EXP: i32 = 10;
export const UNARY_LOG: i32 = 11;
export const UNARY_SIN: i32 = 12;
export const UNARY_COS: i32 = 13;
export const UNARY_TANH: i32 = 14;
export const UNARY_SIGMOID: i32 = 15;
export const UNARY_ERF: i32 = 16;
export const UNARY_GELU: i32 = 17;
export const UNARY_GELU_TANH: i32 = 18;
export const UNARY_SOFTPLUS: i32 = 19;
export const UNARY_SOFTSIGN: i32 = 20;
export const UNARY_ELU: i32 = 21;
export const UNARY_SELU: i32 = 22;
export const UNARY_CELU: i32 = 23;
export const UNARY_LEAKY_RELU: i32 = 24;
export const UNARY_HARD_SIGMOID: i32 = 25;
export const UNARY_HARD_SWISH: i32 = 26;
export const UNARY_SILU: i32 = 27;
export const UNARY_CLIP: i32 = 28;
export const UNARY_AFFINE: i32 = 29;
export const UNARY_RELU: i32 = 30;

export const BINARY_ADD: i32 = 0;
export const BINARY_SUB: i32 = 1;
export const BINARY_MUL: i32 = 2;
export const BINARY_DIV: i32 = 3;
export const BINARY_MIN: i32 = 4;
export const BINARY_MAX: i32 = 5;
export const BINARY_POW: i32 = 6;
export const BINARY_MOD: i32 = 7;
export const BINARY_FMOD: i32 = 8;
export const BINARY_PRELU: i32 = 9;
export const BINARY_AND: i32 = 10;
export const BINARY_OR: i32 = 11;
export const BINARY_XOR: i32 = 12;
export const BINARY_SQUARED_DIFFERENCE: i32 = 13;

export const COMPARE_EQ: i32 = 0;
export const COMPARE_NE: i32 = 1;
export const COMPARE_LT: i32 = 2;
export const COMPARE_LE: i32 = 3;
export const COMPARE_GT: i32 = 4;
export const COMPARE_GE: i32 = 5;

export const REDUCE_SUM: i32 = 0;
export const REDUCE_MEAN: i32 = 1;
export const REDUCE_MAX: i32 = 2;
export const REDUCE_MIN: i32 = 3;
export const REDUCE_PROD: i32 = 4;
export const REDUCE_L1: i32 = 5;
export const REDUCE_L2: i32 = 6;
export const REDUCE_SUM_SQUARE: i32 = 7;
export const REDUCE_LOG_SUM: i32 = 8;
export const REDUCE_LOG_SUM_EXP: i32 = 9;

export const ACTIVATION_NONE: i32 = 0;
export const ACTIVATION_HARD_SWISH: i32 = 1;

export const CAST_F32: i32 = 0;
export const CAST_F64: i32 = 1;
export const CAST_I8: i32 = 2;
export const CAST_U8: i32 = 3;
export const CAST_I32: i32 = 4;
export const CAST_I64: i32 = 5;
export const CAST_BOOL: i32 = 6;

export const PAD_CONSTANT: i32 = 0;
export const PAD_REFLECT: i32 = 1;
export const PAD_EDGE: i32 = 2;
export const PAD_WRAP: i32 = 3;

export const COORDINATES_HALF_PIXEL: i32 = 0;
export const COORDINATES_ASYMMETRIC: i32 = 1;
export const COORDINATES_ALIGN_CORNERS: i32 = 2;
export const COORDINATES_PYTORCH_HALF_PIXEL: i32 = 3;

export const ROUNDING_ROUND_PREFER_FLOOR: i32 = 0;
export const ROUNDING_ROUND_PREFER_CEIL: i32 = 1;
export const ROUNDING_FLOOR: i32 = 2;
export const ROUNDING_CEIL: i32 = 3;

export const SCATTER_NONE: i32 = 0;
export const SCATTER_ADD: i32 = 1;
export const SCATTER_MUL: i32 = 2;
export const SCATTER_MAX: i32 = 3;
export const SCATTER_MIN: i32 = 4;

export const SCATTER_TYPE_BYTES: i32 = 0;
export const SCATTER_TYPE_F32: i32 = 1;
export const SCATTER_TYPE_I32: i32 = 2;
export const SCATTER_TYPE_I64: i32 = 3;
