import type { ValidateObject } from '../pipeline.ts';

export const validateObject: ValidateObject = () => [];
