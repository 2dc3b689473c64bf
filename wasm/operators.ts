// What a field of a parameter block or an attribute of an operation selects by number: the code is the index in its
// list. kernels/operators.ts holds the same codes; a test compares the two.

/** f32_vunary. */
export const UNARY = [
  ...(["abs", "neg", "floor", "ceil", "round", "sign", "sqrt", "rsqrt", "square", "reciprocal"] as const),
  ...(["exp", "log", "sin", "cos", "tanh", "sigmoid", "erf", "gelu", "gelu_tanh"] as const),
  ...(["softplus", "softsign", "elu", "selu", "celu", "leaky_relu"] as const),
  ...(["hard_sigmoid", "hard_swish", "silu", "clip", "affine", "relu"] as const),
] as const;

/** The vbinary families. */
export const BINARY = [
  ...(["add", "sub", "mul", "div", "min", "max", "pow", "mod", "fmod", "prelu"] as const),
  ...(["and", "or", "xor", "squared_difference"] as const),
] as const;

/** The vcompare families. */
export const COMPARE = ["eq", "ne", "lt", "le", "gt", "ge"] as const;

/** The reduce families; those of integers end with prod. */
export const REDUCE = [
  ...(["sum", "mean", "max", "min", "prod"] as const),
  ...(["l1", "l2", "sum_square", "log_sum", "log_sum_exp"] as const),
] as const;

/** What the f32 products and convolutions do to a sum once it is clamped. */
export const ACTIVATION = ["none", "hard_swish"] as const;

/** The from and to of vcast. */
export const CAST = ["f32", "f64", "i8", "u8", "i32", "i64", "bool"] as const;

/** The mode of pad. The operation pad_constant, which has no kernel of its own, is fill and copy. */
export const PAD = ["constant", "reflect", "edge", "wrap"] as const;

/** The coordinates of the resize families. */
export const COORDINATES = ["half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"] as const;

/** The rounding of resize_nearest. */
export const ROUNDING = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"] as const;

/** The reduction of the scatter families. */
export const SCATTER = ["none", "add", "mul", "max", "min"] as const;

/** The type of the scatter families: bytes can only be replaced. */
export const SCATTER_TYPE = ["bytes", "f32", "i32", "i64"] as const;

/** The format of the operation gemm: weights as the types of input and output say, or for f32 in 8 or 4 bits. */
export const GEMM_FORMAT = ["typed", "qd8w", "qb4w"] as const;
