// The memory that the models of one worker share: who is in it, and who has to leave when it is full.

/** Somebody who takes memory. Only the budget writes `users` and `leaving`. */
export class Tenant {
  /** What it takes: set when it is admitted, and by its owner once the exact size is known. */
  bytes = 0;
  /** Those who run it, or wait until it can be run. */
  users = 0;
  leaving = false;
  /** Called once, when it has to leave: from then on nobody may begin to use it. */
  readonly evict: () => void;

  constructor(evict: () => void) {
    this.evict = evict;
  }
}

/**
 * The admitted tenants never take more than the budget together, those who are leaving included. The least recently
 * used is told to leave first, and stays until its last user is done.
 */
export class MemoryBudget {
  readonly bytes: number;
  /** Least recently used first. */
  readonly #admitted = new Set<Tenant>();
  /** Ends when all who asked before are admitted, so only the first in line waits for room. */
  #line: Promise<void> = Promise.resolve();
  #wake = (): void => {};

  constructor(bytes: number) {
    this.bytes = bytes;
  }

  /** Waits until `bytes`, which are within the budget, are free, and takes them. First come, first served. */
  admit(tenant: Tenant, bytes: number): Promise<void> {
    const admitted = this.#line.then(() => this.#makeRoom(tenant, bytes));
    this.#line = admitted;
    return admitted;
  }

  /** Calls `run`; the tenant keeps its memory until that is done. It may still be waiting for admission. */
  async use<T>(tenant: Tenant, run: () => Promise<T>): Promise<T> {
    tenant.users++;
    if (this.#admitted.delete(tenant)) this.#admitted.add(tenant);
    try {
      return await run();
    } finally {
      tenant.users--;
      if (tenant.leaving && tenant.users === 0) this.remove(tenant);
    }
  }

  /** Gives back what a tenant took. */
  remove(tenant: Tenant): void {
    this.#admitted.delete(tenant);
    this.#wake();
  }

  async #makeRoom(tenant: Tenant, bytes: number): Promise<void> {
    const fits = (others: readonly Tenant[]) => sumBytes(others) + bytes <= this.bytes;
    while (!fits([...this.#admitted])) {
      const staying = [...this.#admitted].filter(({ leaving }) => !leaving);
      const [oldest] = staying;
      // What the leaving ones will give back may be enough: then nobody else has to go.
      if (oldest !== undefined && !fits(staying)) this.#expel(oldest);
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
    tenant.bytes = bytes;
    this.#admitted.add(tenant);
  }

  #expel(tenant: Tenant): void {
    tenant.leaving = true;
    tenant.evict();
    if (tenant.users === 0) this.remove(tenant);
  }
}

function sumBytes(tenants: readonly Tenant[]): number {
  return tenants.reduce((sum, { bytes }) => sum + bytes, 0);
}
