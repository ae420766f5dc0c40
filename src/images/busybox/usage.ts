/** Synopses, for what is shown with a wrong option. */
const USAGES: Readonly<Record<string, string>> = {};

export function usageOf(name: string): string {
  return USAGES[name] ?? name;
}
