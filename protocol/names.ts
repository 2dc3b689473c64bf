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
 * An origin and nothing more: https, or http for loopback hosts, where no wire is crossed. Paths, credentials, a final
 * dot and other spellings of the same origin are DecodeError `text_malformed`.
 */
export function checkEndpoint(text: string, title: string): string {
  const url = text.length <= MAX_ENDPOINT_CHARACTERS && URL.canParse(text) ? new URL(text) : null;
  const secure = url?.protocol === "https:" || (url?.protocol === "http:" && LOOPBACK.test(url.hostname));
  if (url === null || url.origin !== text || url.hostname.endsWith(".") || !secure)
    throw new DecodeError(
      "text_malformed",
      `${title} must be an origin such as https://worker.example.org (http only for loopback hosts)`,
    );
  return text;
}

/** First address and prefix length of the blocks that lead to this machine or to the network around it. */
const LOCAL_IPV4: readonly (readonly [number, number])[] = [
  [0x00_00_00_00, 8], // "this host": connects to it
  [0x0a_00_00_00, 8], // RFC 1918
  [0x64_40_00_00, 10], // RFC 6598: behind a carrier's translator, and overlay networks
  [0x7f_00_00_00, 8], // loopback
  [0xa9_fe_00_00, 16], // link-local, with the metadata services of clouds
  [0xa8_3f_81_10, 32], // a cloud's own services, to each of its machines
  [0xac_10_00_00, 12], // RFC 1918
  [0xc0_00_00_00, 24], // RFC 6890: of the network's own translators
  [0xc0_a8_00_00, 16], // RFC 1918
  [0xc6_12_00_00, 15], // RFC 2544: for measuring networks
  [0xe0_00_00_00, 3], // multicast, and what nobody has
];

/**
 * Whether an origin, by its spelling, leads to the machine that asks or to its private network: `localhost` and what
 * is under it, loopback, private and link-local addresses, and IPv4 addresses in IPv6 clothes. A name that resolves
 * to such an address is not seen. Wider than what http is allowed for, since this one is for refusing.
 */
export function isLocalTarget(origin: string): boolean {
  const host = new URL(origin).hostname.replace(/\.$/, ""); // URL has brought every spelling of an address to one
  if (host === "localhost" || host.endsWith(".localhost")) return true;
  if (host.startsWith("[")) return isLocalIpv6(readIpv6(host.slice(1, -1)));
  return /^\d+(?:\.\d+){3}$/.test(host) && isLocalIpv4(readIpv4(host));
}

function readIpv4(text: string): number {
  return text.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

function isLocalIpv4(address: number): boolean {
  return LOCAL_IPV4.some(([first, prefix]) => {
    const size = 2 ** (32 - prefix);
    return address >= first && address < first + size;
  });
}

/** The eight groups of an address as URL spells it: hexadecimal, with one `::` at most. */
function readIpv6(text: string): number[] {
  const [head = "", tail = ""] = text.split("::");
  const groups = (part: string) =>
    part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
  const [front, back] = [groups(head), groups(tail)];
  return [...front, ...new Array<number>(8 - front.length - back.length).fill(0), ...back];
}

function isLocalIpv6(groups: readonly number[]): boolean {
  const [first, second, sixth] = [groups[0]!, groups[1]!, groups[5]!];
  const isEmbedded = groups.slice(0, 5).every((group) => group === 0) && (sixth === 0 || sixth === 0xffff);
  const isUniqueLocal = (first & 0xfe00) === 0xfc00; // fc00::/7
  const isLinkLocal = (first & 0xff80) === 0xfe80; // fe80::/10, and fec0::/10, which was for sites
  const isMulticast = first >= 0xff00; // ff00::/8
  // embedded: ::/96, with :: and ::1, and ::ffff:0:0/96
  if (isEmbedded || isUniqueLocal || isLinkLocal || isMulticast) return true;
  // A translator on the way makes IPv4 of it: 6to4 (RFC 3056), NAT64 (RFC 6052; RFC 8215, whose form is the network's
  // own).
  if (first === 0x2002) return isLocalIpv4(second * 65_536 + groups[2]!);
  if (first !== 0x64 || second !== 0xff9b) return false;
  return groups[2] !== 0 || isLocalIpv4(groups[6]! * 65_536 + groups[7]!);
}
