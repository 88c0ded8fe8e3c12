/** Ids of the server are UUIDs: case and braces mean nothing. */
export const normalId = (id: string): string => id.replace(/^\{(.*)\}$/, "$1").toLowerCase();

export const isSameId = (a: string, b: string): boolean => normalId(a) === normalId(b);
