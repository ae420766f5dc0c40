/** Whether there is a process of that number, whoever's it is. */
export function isAlive(pid: number): boolean {
  // 0 and negative ones are groups.
  if (!Number.isInteger(pid) || pid < 1) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It lives, and is another user's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
