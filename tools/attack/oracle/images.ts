import type { Deployment } from '../../../src/model/objects.ts';
import { resources } from '../../../src/model/resources.ts';
import {
  isComplete,
  leadsHome,
  runsImage,
  runsItsProgram,
  sameService,
  servesCallers,
  SHOP,
  deploymentOf,
} from './ask.ts';
import { type Complaint, type Oracle, type OracleView, question, word } from './view.ts';

const service = (view: OracleView): string => word(view, 'service');

/** Everything before tag and digest. */
const repositoryOf = (image: string): string => image.replace(/@.*$/, '').replace(/:[^:/]*$/, '');

async function sameRepository(view: OracleView): Promise<Complaint> {
  const name = service(view);
  const imageIn = (deployment: Deployment | undefined): string =>
    deployment?.spec.template.spec.containers.find((one) => one.name === name)?.image ?? 'nothing';
  const before = repositoryOf(imageIn(view.healthy.get<Deployment>(resources.deployments, SHOP, name)));
  const now = repositoryOf(imageIn(await deploymentOf(view, name)));
  return before === now ? undefined : `${name} comes from ${now}`;
}

const release = '1.5.0';

export const imageTagTypo: Oracle = {
  settle: 75_000,
  questions: [
    question('all pods run the release', async (view) => {
      const registry = await view.registry('registry.shop.test:5000');
      return runsImage(view, service(view), await registry.digest('shop', release));
    }),
    question('its pods are ready', (view) => isComplete(view, service(view))),
    question('its Service leads to them', (view) => leadsHome(view, service(view))),
    question('it is still its Service', (view) => sameService(view, service(view))),
    question('its repository is the same', sameRepository),
    question('it runs what is in its image', (view) => runsItsProgram(view, service(view))),
    question('callers get the release', (view) =>
      servesCallers(view, service(view), `{"role":"${service(view)}","version":"${release}"}`),
    ),
  ],
};
