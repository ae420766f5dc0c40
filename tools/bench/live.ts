/** Prints the milliseconds that a shop on the embedded cluster takes to live through so many hours. */
import { applyShop, headerOf, inProcessLab, MINUTE } from '../../test/helpers/in-process.ts';

const hours = Number(process.argv[2]);
const lab = inProcessLab(headerOf('bench'));
await applyShop(lab);
await lab.host.advanceTo(lab.header.epoch + 5 * MINUTE);
const start = performance.now();
await lab.host.advanceTo(lab.host.now + hours * 60 * MINUTE);
console.log(performance.now() - start);
