import type { Image } from '../cluster/runtime/types.ts';
import { busyboxImage } from './busybox/image.ts';

/** Images beside the shop's that every node has. */
export function toolImages(): Readonly<Record<string, Image>> {
  const busybox = busyboxImage();
  return { 'docker.io/library/busybox:1.37': busybox, 'docker.io/library/busybox:latest': busybox };
}
