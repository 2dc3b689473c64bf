// What the op field of an element-wise or reducing family selects: the code is the index in its list.
// kernels/operators.ts holds the same codes; a test compares the two.

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
