import { testGoldens } from './goldens.ts';

testGoldens('files');
