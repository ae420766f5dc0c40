import { labelKeyProblems, labelValueProblems } from '../../../model/label-syntax.ts';
import type { Labels, LabelSelector } from '../../../model/objects.ts';
import { checkLabels } from './metadata.ts';
import type { Problems } from './problems.ts';

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/label-selector/ */
export function checkSelector(problems: Problems, field: string, selector: LabelSelector | undefined): void {
  if (selector === undefined) return;
  checkLabels(problems, `${field}.matchLabels`, selector.matchLabels);
  (selector.matchExpressions ?? []).forEach(({ key, operator, values = [] }, index) => {
    const at = `${field}.matchExpressions[${index}]`;
    switch (operator) {
      case 'In':
      case 'NotIn':
        if (values.length === 0) {
          problems.required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'");
        }
        break;
      case 'Exists':
      case 'DoesNotExist':
        if (values.length > 0) {
          problems.forbidden(
            `${at}.values`,
            "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
          );
        }
        break;
      default:
        problems.invalid(`${at}.operator`, operator, 'not a valid selector operator');
    }
    problems.invalidFor(`${at}.key`, key, labelKeyProblems(key));
    values.forEach((value, position) => {
      problems.invalidFor(`${at}.values[${position}]`, value, labelValueProblems(value));
    });
  });
}

/** Whether a selector can be used at all: what {@link checkSelector} says nothing about. */
export function isUsable(selector: LabelSelector): boolean {
  const labels = Object.entries(selector.matchLabels ?? {});
  if (labels.some(([key, value]) => labelKeyProblems(key).length + labelValueProblems(value).length > 0))
    return false;
  return (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
    const takesValues = operator === 'In' || operator === 'NotIn';
    return labelKeyProblems(key).length === 0 && takesValues === values.length > 0;
  });
}

/** Labels in the order in which the API server writes a map. */
export function writtenLabels(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A selector with its fields and labels in the order in which the API server writes them. */
export function writtenSelector({ matchLabels, matchExpressions }: LabelSelector): LabelSelector {
  return {
    ...(matchLabels && { matchLabels: writtenLabels(matchLabels) }),
    ...(matchExpressions && { matchExpressions }),
  };
}
