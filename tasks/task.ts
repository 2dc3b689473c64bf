// What a task is: a function from what a person has to what they want to know, over models that somebody else runs.
import type { Bytes } from "../protocol/bytes.ts";
import type { Tensor } from "../protocol/tensor.ts";

/** All that a task needs from outside: whoever runs it decides who computes. */
export interface TaskTools {
  /** The outputs of a model: those that a quorum signed, the local engine's, or the ones in a certificate. */
  ask(model: string, inputs: readonly Tensor[]): Promise<readonly Tensor[]>;
  /** A file that the model's artifact holds for its task, such as a vocabulary. */
  readFile(model: string, name: string): Promise<Bytes>;
}

/** Pure apart from its tools: equal input and equal outputs make equal requests and an equal answer. */
export interface Task<Kind extends "picture" | "text", Input, Answer> {
  readonly name: string;
  readonly input: Kind;
  /** Every model that `run` may ask. */
  readonly models: readonly string[];
  /** Throws TaskError, and what the tools throw. */
  run(input: Input, tools: TaskTools): Promise<Answer>;
  /** What the outputs of one request say without the input; null where they say nothing alone. Throws TaskError. */
  readonly decode: ((outputs: readonly Tensor[]) => Answer) | null;
}
