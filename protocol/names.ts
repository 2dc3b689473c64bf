// The text fields of records: domains, slugs and endpoints. Each has one spelling, checked on the way in and out.

import { DecodeError } from "./errors.ts";
import { MAX_DOMAIN_CHARACTERS, MAX_ENDPOINT_CHARACTERS, MAX_SLUG_CHARACTERS } from "./limits.ts";

const DOMAIN_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const DOMAIN = new RegExp(`^${DOMAIN_LABEL}(?:\\.${DOMAIN_LABEL})+$`);
const SLUG = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * A domain name with two labels or more: lower case, letters, digits and inner hyphens (internationalised names
 * in their xn-- form), no final dot. Throws DecodeError `text_malformed`.
 */
export function checkDomain(text: string, title: string): string {
  if (text.length > MAX_DOMAIN_CHARACTERS || !DOMAIN.test(text))
    throw new DecodeError("text_malformed", `${title} must be a lower-case domain name such as example.org`);
  return text;
}

/** Lower-case words and digits joined by hyphens: a provider, a region. Throws DecodeError `text_malformed`. */
export function checkSlug(text: string, title: string): string {
  if (text.length > MAX_SLUG_CHARACTERS || !SLUG.test(text))
    throw new DecodeError(
      "text_malformed",
      `${title} must be lower-case words joined by hyphens, such as eu-west`,
    );
  return text;
}

/**
 * An origin and nothing more: https, or http for loopback hosts, where no wire is crossed. Paths, credentials and
 * other spellings of the same origin are DecodeError `text_malformed`.
 */
export function checkEndpoint(text: string, title: string): string {
  const url = text.length <= MAX_ENDPOINT_CHARACTERS && URL.canParse(text) ? new URL(text) : null;
  const secure = url?.protocol === "https:" || (url?.protocol === "http:" && LOOPBACK.test(url.hostname));
  if (url === null || url.origin !== text || !secure)
    throw new DecodeError(
      "text_malformed",
      `${title} must be an origin such as https://worker.example.org (http only for loopback hosts)`,
    );
  return text;
}

/** Whether an endpoint that checkEndpoint passed leads back to the machine that asks. */
export function isLoopback(endpoint: string): boolean {
  return LOOPBACK.test(new URL(endpoint).hostname);
}
