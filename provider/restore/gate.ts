/** Lets a limited number through at a time, in the order in which they came. */
export interface Gate {
  /**
   * Waits for a place and returns the function that gives it back.
   *
   * @param onWait - called when there is none yet
   */
  enter(onWait?: () => void): Promise<() => void>;
}

export function createGate(places: number): Gate {
  let free = places;
  const waiting: (() => void)[] = [];
  const leave = () => {
    const next = waiting.shift();
    if (next === undefined) {
      free += 1;
    } else {
      next();
    }
  };
  return {
    async enter(onWait) {
      if (free > 0) {
        free -= 1;
      } else {
        onWait?.();
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
      let left = false;
      return () => {
        if (!left) {
          left = true;
          leave();
        }
      };
    },
  };
}
