import { testGoldens } from './goldens.ts';

testGoldens('processes');
