// From the best class of every step to text: connectionist temporal classification, read greedily (Graves et al. 2006).
import { TaskError } from "../errors.ts";

const BLANK = 0;

/**
 * Class 0 is the blank, class k is characters[k − 1], the class behind the last character is the space. Repetitions and
 * blanks are left out, and spaces at either end, which are margins; `confidence` is the mean probability of what was
 * read, 0 where nothing was.
 * Throws TaskError output_invalid for a class that does not exist.
 */
export function decodeCtc(
  classes: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  characters: readonly string[],
): { text: string; confidence: number } {
  let text = "";
  let count = 0;
  let sum = 0;
  let previous = BLANK;
  for (let step = 0; step < classes.length; step++) {
    const index = classes[step]!;
    if (index < 0 || index > characters.length + 1)
      throw new TaskError("output_invalid", `class ${index} is not one of ${characters.length + 2}`);
    if (index !== BLANK && index !== previous) {
      text += characters[index - 1] ?? " ";
      sum += probabilities[step]!;
      count++;
    }
    previous = index;
  }
  return { text: text.trim(), confidence: count > 0 ? sum / count : 0 };
}
