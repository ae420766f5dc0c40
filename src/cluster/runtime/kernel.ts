/** The kernel of every node: what its status tells, and `uname` in its pods. */
export const KERNEL_RELEASE = '6.18.44';
