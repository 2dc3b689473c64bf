// Why the operators of a policy are not found where somebody serves in their names: the keys are other ones.
import type { Directory } from "../../client/index.ts";
import { PolicyError } from "../../protocol/errors.ts";
import { isOperator } from "../../protocol/named-quorum.ts";
import type { Policy } from "../../protocol/policy.ts";

/**
 * What a person is told instead of `error`: where it is `committee_unavailable`, that some of the records have the
 * domains of the policy's operators and other keys. Which of the keys are right, it cannot know. `findAll` gives every
 * record, whatever the policy admits.
 */
export async function explainAbsence(
  error: unknown,
  { quorum, title }: Policy,
  findAll: () => Promise<Directory["records"]>,
): Promise<unknown> {
  if (!(error instanceof PolicyError) || error.code !== "committee_unavailable" || quorum === null)
    return error;
  const records = (await findAll()).map(({ record }) => record);
  const strange = quorum.operators
    .filter((operator) => !records.some((record) => isOperator(operator, record)))
    .filter(({ domain }) => records.some(({ operator }) => operator === domain))
    .map(({ domain }) => domain);
  if (strange.length === 0) return error;
  const message = `${error.message}; the records of ${strange.join(", ")} have other keys: check the keys in ${title}`;
  return new PolicyError(error.code, message, { cause: error });
}
