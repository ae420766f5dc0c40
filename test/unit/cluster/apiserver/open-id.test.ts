import { expect, test } from '@jest/globals';
import { send, startApiServer } from './harness.ts';

const running = startApiServer();

test('the issuer of tokens says who it is and where its keys are', () => {
  const { status, headers, body } = send(running, 'GET', '/.well-known/openid-configuration');
  expect(status).toBe(200);
  expect(headers['cache-control']).toBe('public, max-age=3600');
  expect(body).toEqual({
    issuer: 'https://kubernetes.default.svc.cluster.local',
    jwks_uri: 'https://172.18.0.2:6443/openid/v1/jwks',
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['EdDSA'],
  });
});

test('its keys are a set of their own type', () => {
  const { headers, body } = send(running, 'GET', '/openid/v1/jwks');
  expect(headers['content-type']).toBe('application/jwk-set+json');
  expect(body).toEqual({ keys: [{ kid: 'a', alg: 'EdDSA' }] });
});

test('there is nothing else beside them', () => {
  expect(send(running, 'GET', '/openid/v1').status).toBe(404);
  expect(send(running, 'GET', '/.well-known/other').status).toBe(404);
});
