/** The parameter block of f32_logsoftmax is that of f32_softmax. */
export { SoftmaxParams as LogsoftmaxParams } from "../f32_softmax/params";
