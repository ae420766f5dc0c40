/** What a word consists of: letters, other characters, or blanks between them. */
type Kind = 'blank' | 'word' | 'other';

function kindAt(text: string, at: number, isBig: boolean): Kind {
  const character = text.charAt(at);
  if (character === '' || ' \t\n\r\v\f'.includes(character)) return 'blank';
  return isBig || /[A-Za-z0-9_]/.test(character) ? 'word' : 'other';
}

/** The first character of the next word; the last of the text where there is none. */
export function nextWord(text: string, at: number, isBig: boolean): number {
  let place = at;
  const kind = kindAt(text, place, isBig);
  if (kind !== 'blank') while (place < text.length && kindAt(text, place, isBig) === kind) place++;
  while (place < text.length && kindAt(text, place, isBig) === 'blank') place++;
  return place < text.length ? place : Math.max(at, text.length - 1);
}

/** The last character of the word that the cursor is before or in. */
export function endOfWord(text: string, at: number, isBig: boolean): number {
  let place = at + 1;
  while (place < text.length && kindAt(text, place, isBig) === 'blank') place++;
  if (place >= text.length) return Math.max(at, text.length - 1);
  const kind = kindAt(text, place, isBig);
  while (kindAt(text, place + 1, isBig) === kind) place++;
  return place;
}

/** The first character of the word that the cursor is in or behind. */
export function previousWord(text: string, at: number, isBig: boolean): number {
  let place = at - 1;
  while (place > 0 && kindAt(text, place, isBig) === 'blank') place--;
  if (place <= 0) return 0;
  const kind = kindAt(text, place, isBig);
  while (place > 0 && kindAt(text, place - 1, isBig) === kind) place--;
  return place;
}

/** The bracket that belongs to the one at a place. */
export function matchingBracket(text: string, at: number): number | undefined {
  const brackets = '(){}[]<>';
  const own = text.charAt(at);
  const index = own === '' ? -1 : brackets.indexOf(own);
  if (index < 0) return undefined;
  const step = index % 2 === 0 ? 1 : -1;
  const other = brackets.charAt(index + step);
  for (let [place, depth] = [at, 0]; place >= 0 && place < text.length; place += step) {
    const character = text.charAt(place);
    if (character === own) depth++;
    if (character === other && --depth === 0) return place;
  }
  return undefined;
}
