// Ends with 0 when the process of this container says that it is ready.
const port = (process.env.WATCHKEEPER_HEALTH_LISTEN ?? ':7301').split(':').at(-1);
try {
  const answer = await fetch(`http://127.0.0.1:${port}/health/ready`, { signal: AbortSignal.timeout(4000) });
  if (!answer.ok) process.stderr.write(`${await answer.text()}\n`);
  process.exitCode = answer.ok ? 0 : 1;
} catch (error) {
  process.stderr.write(`no answer: ${error.message}\n`);
  process.exitCode = 1;
}
