// The answer of a task that puts a picture into one of several classes.
export interface Classification {
  readonly label: string;
  /** Of each label, in the model's order; they add up to 1. */
  readonly probabilities: Readonly<Record<string, number>>;
}
