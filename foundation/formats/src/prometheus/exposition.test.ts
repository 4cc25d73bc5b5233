import { expect, it } from 'vitest';
import { expositionText } from './exposition.ts';

it('Names that come to the same one stand in an exposition once', () => {
  const samples = (value: number) => [
    { labels: { 'a.b': 'one', a_b: 'two', 'q"': 'x"\\\n' }, value },
    { labels: { 'q"': 'x"\\\n', 'a b': 'two' }, value: value + 1 },
    { labels: {}, value: value + 2 },
  ];
  const metrics = [
    { name: 'calls_v.x', help: 'One\nline', samples: samples(1) },
    { name: 'calls_v_x', help: 'Another', samples: samples(10) },
    { name: 'calls_v_y', help: 'The last', samples: [{ labels: {}, value: 5 }] },
  ];
  expect(expositionText(metrics)).toBe(
    [
      '# HELP calls_v_x One\\nline',
      '# TYPE calls_v_x gauge',
      'calls_v_x{a_b="two",q_="x\\"\\\\\\n"} 1',
      'calls_v_x 3',
      '# HELP calls_v_y The last',
      '# TYPE calls_v_y gauge',
      'calls_v_y 5',
      '',
    ].join('\n'),
  );
});
