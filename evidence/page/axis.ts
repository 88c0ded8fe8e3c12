import { type Markup, markup } from "../markup";
import { durationText } from "../text";

/** A time axis that begins with 0 and has a label at both ends and in even steps between them. Pictures are 1000 wide. */
export interface Axis {
  /** Seconds at its right end. */
  end: number;
  labels: string[];
  /** Where a moment lies, 0 to 1000. */
  x(seconds: number): number;
  /** Lines at the labels between the ends. */
  grid(height: number): Markup;
}

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;
/** Steps that people count in. */
const steps = [
  ...[0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * minute),
  ...[1, 2, 3, 6, 12].map((hours) => hours * hour),
];
const stepsAtMost = 5;

/** @param seconds - the last moment that must be on it */
export function axisOf(seconds: number): Axis {
  const step = steps.find((one) => one * stepsAtMost >= seconds) ?? Math.ceil(seconds / stepsAtMost / day) * day;
  const count = Math.max(1, Math.ceil(seconds / step));
  const end = step * count;
  const x = (moment: number) => Number(((Math.min(moment, end) / end) * 1000).toFixed(1));
  const ticks = Array.from({ length: count + 1 }, (_, index) => step * index);
  return {
    end,
    labels: ticks.map((tick) => (tick === 0 ? "0" : durationText(tick))),
    x,
    grid: (height) =>
      markup`${ticks.slice(1, -1).map((tick) => markup`<line class="grid" x1="${x(tick)}" x2="${x(tick)}" y1="0" y2="${height}"/>`)}`,
  };
}
