import { testGoldens } from './goldens.ts';

testGoldens('shell');
