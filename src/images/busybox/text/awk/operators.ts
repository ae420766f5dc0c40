import { Failure } from '../../errors.ts';
import type { Value } from './values.ts';
import { toNumber, toTruth } from './values.ts';

export function unary(operator: string, value: Value): Value {
  switch (operator) {
    case '!':
      return toTruth(value) ? 0 : 1;
    case '-':
      return -toNumber(value);
    case '+':
      return toNumber(value);
    default:
      return value;
  }
}

export function ordered(operator: string, order: number): boolean {
  switch (operator) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '==':
      return order === 0;
    case '!=':
      return order !== 0;
    case '>=':
      return order >= 0;
    default:
      return order > 0;
  }
}

export function calculate(operator: string, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '^':
    case '**':
      return left ** right;
    default:
      if (right === 0) throw new Failure('cmd. line:1: Division by zero');
      return operator === '/' ? left / right : left % right;
  }
}
