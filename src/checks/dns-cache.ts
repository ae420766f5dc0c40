import { resources } from '../model/resources.ts';
import { type Check, fail, type LabView, type Observation, pass, patient } from './check.ts';
import { type ClientRef, isReport, probeFrom, type ProbeReport, textFrom } from './client-pod.ts';
import { askArguments } from './traffic.ts';

/** A zone outside the cluster whose name server counts what it is asked, as that of `countedPartnerDns` does. */
export interface CountedZone {
  readonly zone: string;
  /** Address of its name server. */
  readonly server: string;
  /** A host of it that clients use, and its address. */
  readonly name: string;
  readonly address: string;
  /** What every name resolves to that has no record of its own. */
  readonly others: string;
  /** Milliseconds that its name server takes for an answer at least: what comes sooner is from a cache. */
  readonly delayMs: number;
}

/** How long a client looks names up: arguments of its probe, and how long that may take, in milliseconds. */
interface Length {
  readonly args: readonly string[];
  readonly timeoutMs: number;
}

/** From one lookup to the next, so that a cache of half a minute makes a difference. */
const PACE = ['--every', '50ms'];
const ONE: Length = { args: ['--count', '1'], timeoutMs: 60_000 };
/** Enough for every CoreDNS to be asked. */
const A_FEW_LOOKUPS = 60;
const A_FEW: Length = { args: [...PACE, '--count', String(A_FEW_LOOKUPS)], timeoutMs: 120_000 };
const until = (windowMs: number): Length => ({
  args: [...PACE, '--for', `${windowMs}ms`],
  timeoutMs: windowMs + 60_000,
});

/**
 * A client looks a name of the zone up again and again, one that nobody has asked for before: every lookup is right,
 * and the zone's own server is asked for it, but seldom.
 */
export function askedSeldom(options: {
  readonly from: ClientRef;
  readonly of: CountedZone;
  readonly perHundred: number;
}): Check {
  const { from, of, perHundred } = options;
  const judged = async (lab: LabView, length: Length): Promise<Observation> => {
    const name = freshName(lab, of);
    const report = await lookUp(lab, { from, of }, name, length);
    if (!isReport(report)) return report;
    const asked = await questions(lab, from, of, name);
    if (typeof asked !== 'number') return asked;
    const seen = `${asked} queries to the name server for ${report.attempts} lookups`;
    if (asked === 0) return fail(`${seen}: the answers do not come from the name server of ${of.zone}`);
    if (asked * 100 > perHundred * report.attempts) return fail(seen);
    // Clients that can do without an IPv6 address ask for one all the same.
    const denied = await denials(lab, from, of, name);
    if (typeof denied !== 'number') return denied;
    return denied * 100 <= perHundred * A_FEW_LOOKUPS
      ? pass(seen)
      : fail(
          `${denied} queries to the name server for ${A_FEW_LOOKUPS} lookups of a record that the name does not have (AAAA)`,
        );
  };
  return {
    expected: `of 100 lookups at most ${perHundred} reach the name server of ${of.zone}`,
    look: (lab) => judged(lab, A_FEW),
    observe: (lab, windowMs) => judged(lab, until(windowMs)),
  };
}

/**
 * An answer of the zone is not given any more after `maxMs`: its server is asked again, and whoever looks the name up
 * first waits for it. For servers that take their time.
 */
export function keptNoLonger(options: {
  readonly from: ClientRef;
  readonly of: CountedZone;
  /** Milliseconds. */
  readonly maxMs: number;
  /** What fails before is tried once more then: a changed configuration may have been on its way. Milliseconds. */
  readonly settleMs: number;
}): Check {
  const { from, of, maxMs, settleMs } = options;
  const proven = async (lab: LabView): Promise<Observation> => {
    const name = freshName(lab, of);
    const first = await lookUp(lab, { from, of }, name, A_FEW);
    if (!isReport(first)) return first;
    // What clients use may be kept longer than all others: its server is asked again by whoever asks for it.
    const used = await usedUntilNow(lab, from, of);
    if (typeof used !== 'number') return used;
    const before = await questions(lab, from, of, name);
    if (typeof before !== 'number') return before;
    const denied = await denials(lab, from, of, name);
    if (typeof denied !== 'number') return denied;
    await lab.clock.wait(maxMs, lab.signal);
    const kept = fail(`an answer that is ${maxMs / 1000} s old is still given`);
    // A cache may give what is outdated, and ask meanwhile.
    const next = await lookUp(lab, { from, of }, name, ONE);
    if (!isReport(next)) return next;
    if (next.p99Ms < of.delayMs) return kept;
    const second = await lookUp(lab, { from, of }, name, A_FEW);
    if (!isReport(second)) return second;
    const after = await questions(lab, from, of, name);
    if (typeof after !== 'number') return after;
    if (after <= before) return kept;
    const usedAgain = await usedUntilNow(lab, from, of);
    if (typeof usedAgain !== 'number') return usedAgain;
    if (usedAgain <= used)
      return fail(`an answer for ${of.name} that is ${maxMs / 1000} s old is still given`);
    const deniedAgain = await denials(lab, from, of, name);
    if (typeof deniedAgain !== 'number') return deniedAgain;
    return deniedAgain > denied
      ? pass('the name server was asked again')
      : fail(`the answer that a name has no such record (AAAA) is ${maxMs / 1000} s old, and is still given`);
  };
  return {
    expected: `an answer of the name server of ${of.zone} is given for ${maxMs / 1000} s at most`,
    look: () => Promise.resolve(pass('proven while grading')),
    grade: async (lab) => {
      const settled = lab.clock.now().getTime() + settleMs;
      const first = await proven(lab);
      // Who has no patience knows that nothing is on its way.
      if (first.status !== 'fail' || patient(lab, settleMs) < settleMs) return first;
      await lab.clock.wait(Math.max(0, settled - lab.clock.now().getTime()), lab.signal);
      return proven(lab);
    },
  };
}

/** 99 of 100 lookups of a name take at most `p99Ms`, and all give this address. */
export function quickLookups(options: {
  readonly from: ClientRef;
  readonly name: string;
  readonly address: string;
  readonly p99Ms: number;
}): Check {
  const { from, name, address, p99Ms } = options;
  const judged = async (lab: LabView, length: Length, half: boolean): Promise<Observation> => {
    const args = ['dns', name, '--contains', address, ...length.args];
    const report = await probeFrom(lab, from, args, length.timeoutMs);
    if (!isReport(report)) return report;
    if (report.failed > 0) return fail(wrongs(report));
    const tookMs = half ? report.medianMs : report.p99Ms;
    const seen = `${half ? 'half' : '99 of 100'} of the lookups of ${name} take up to ${tookMs} ms`;
    return tookMs <= p99Ms ? pass(seen) : fail(seen);
  };
  return {
    expected: `99 of 100 lookups of ${name} take at most ${p99Ms} ms`,
    // One that no cache has yet is more than one of a hundred, where there are only a few.
    look: (lab) => judged(lab, A_FEW, true),
    observe: (lab, windowMs) => judged(lab, until(windowMs), false),
  };
}

/** With the final dot: no domain of a search list is tried. */
const freshName = (lab: LabView, { zone }: CountedZone): string => `q-${lab.random.suffix(8)}.${zone}.`;

async function lookUp(
  lab: LabView,
  { from, of }: { readonly from: ClientRef; readonly of: CountedZone },
  name: string,
  { args, timeoutMs }: Length,
): Promise<ProbeReport | Observation> {
  const report = await probeFrom(
    lab,
    from,
    ['dns', name, '--contains', of.others, '--exactly', ...args],
    timeoutMs,
  );
  return isReport(report) && report.failed > 0 ? fail(wrongs(report)) : report;
}

/** Every server is asked for the name that clients use. @returns how often the zone's own server has been, until now */
async function usedUntilNow(lab: LabView, from: ClientRef, of: CountedZone): Promise<number | Observation> {
  const args = ['dns', `${of.name}.`, '--contains', of.address];
  return (await allRight(lab, from, args)) ?? questions(lab, from, of, of.name);
}

/** A client asks a few times. @returns a failure where an answer is not right */
async function allRight(
  lab: LabView,
  from: ClientRef,
  args: readonly string[],
): Promise<Observation | undefined> {
  const report = await probeFrom(lab, from, [...args, ...A_FEW.args], A_FEW.timeoutMs);
  if (!isReport(report)) return report;
  return report.failed > 0 ? fail(wrongs(report)) : undefined;
}

const wrongs = ({ failed, attempts, last }: ProbeReport): string =>
  `${failed} of ${attempts} lookups failed or were wrong, the last gave ${last}`;

/**
 * Asks for what a name does not have, an IPv6 address.
 * @returns how often the zone's server has been asked for that now
 */
async function denials(
  lab: LabView,
  from: ClientRef,
  of: CountedZone,
  name: string,
): Promise<number | Observation> {
  const kubeDns = await lab.kube.get(resources.services, 'kube-system', 'kube-dns');
  if (kubeDns === undefined) return fail('service/kube-dns does not exist');
  const args = askArguments(kubeDns.spec.clusterIP ?? '', name.replace(/\.$/, ''), 'AAAA');
  return (await allRight(lab, from, args)) ?? questions(lab, from, of, name, 'AAAA');
}

/** How often the zone's server has been asked for an address of a name. */
async function questions(
  lab: LabView,
  from: ClientRef,
  { server }: CountedZone,
  name: string,
  type: 'A' | 'AAAA' = 'A',
): Promise<number | Observation> {
  const url = `http://${server}/asked?name=${name.replace(/\.$/, '')}&type=${type}`;
  const text = await textFrom(lab, from, url);
  return typeof text === 'string' ? (JSON.parse(text) as { asked: number }).asked : text;
}
