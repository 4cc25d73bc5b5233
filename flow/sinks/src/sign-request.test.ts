import { expect, it } from 'vitest';
import { encodedPath, signRequest } from './sign-request.ts';

// "Example: PUT Object" of the Amazon S3 API Reference, "Signature Calculations for the Authorization Header", has
// more headers than we send; this one is "GET Bucket (List Objects)", whose query is signed too.
it('A request is signed as the documents of Amazon say', () => {
  const { authorization } = signRequest({
    method: 'GET',
    url: new URL('https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J'),
    body: new Uint8Array(),
    ...{ accessKey: 'AKIAIOSFODNN7EXAMPLE', secretKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
    ...{ region: 'us-east-1', service: 's3', nowMs: Date.parse('2013-05-24T00:00:00Z') },
  });
  expect(authorization).toBe(
    'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  );
});

it('A path is encoded name by name', () => {
  expect(encodedPath(['a b', 'c=d', 'é!'])).toBe('/a%20b/c%3Dd/%C3%A9%21');
});
