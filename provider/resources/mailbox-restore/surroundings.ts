import type { RestoreSurroundings } from "../../restore/request";

/** What a resource may tell the person who watches. */
export interface Voice {
  /** What it is doing now; shown while it lasts. */
  activity: RestoreSurroundings["report"];
  /** Stays on the screen as a diagnostic of the resource. */
  warn(text: string): void;
  /** One last line. */
  conclude(text: string): void;
}

/** What a resource's work needs of the process that it runs in. */
export interface Surroundings extends Pick<RestoreSurroundings, "journal" | "sessionLook" | "engineIsGone"> {
  voice: Voice;
}
