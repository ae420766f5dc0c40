/** @returns how many indexes a text such as `0,2-4` names, or what is wrong with it */
export function countIndexes(text: string, completions: number): number | string {
  if (text === '') return 0;
  let count = 0;
  let previous = -1;
  for (const interval of text.split(',')) {
    const limits = interval.split('-');
    if (limits.length > 2) {
      const rule = "an index interval can have at most two parts separated by '-'";
      return `the fragment ${JSON.stringify(interval)} violates the requirement that ${rule}`;
    }
    for (const limit of limits) {
      const index = Number(limit);
      if (!/^\+?\d+$/.test(limit))
        return `cannot convert string to integer for index: ${JSON.stringify(limit)}`;
      if (index >= completions) return `too large index: ${JSON.stringify(limit)}`;
      if (index <= previous) return `non-increasing order, previous: ${previous}, current: ${index}`;
      previous = index;
    }
    count += limits.length === 1 ? 1 : previous - Number(limits[0]) + 1;
  }
  return count;
}
