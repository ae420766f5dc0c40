import { testGoldens } from './goldens.ts';

testGoldens('text');
