// What npm's readers make of our files.
//   node read.mjs count FILE…             {"<reader>": {"tests": …}} over all files together
//   node read.mjs validate SCHEMA FILE    exit 1 and the first problems when FILE does not follow SCHEMA
import {readFileSync} from 'node:fs';
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import {parse as parseJunit} from 'junit2json';
import testResultsParser from 'test-results-parser';

const [command, ...rest] = process.argv.slice(2);

async function countByJunit2json(files) {
  const counts = {tests: 0, failure: 0, error: 0, skipped: 0};
  for (const file of files) {
    const root = await parseJunit(readFileSync(file, 'utf8'));
    for (const suite of root.testsuite ?? []) {
      for (const testcase of suite.testcase ?? []) {
        counts.tests += 1;
        for (const outcome of ['failure', 'error', 'skipped']) counts[outcome] += testcase[outcome]?.length ?? 0;
      }
    }
  }
  return counts;
}

function countByTestResultsParser(files) {
  const counts = {tests: 0, failed: 0, skipped: 0};
  for (const file of files) {
    const result = testResultsParser.parse({type: 'junit', files: [file]});
    const cases = result.suites.flatMap(suite => suite.cases);
    counts.tests += cases.length;
    counts.failed += cases.filter(one => one.status === 'FAIL').length;
    counts.skipped += cases.filter(one => one.status === 'SKIP').length;
    const passed = cases.filter(one => one.status === 'PASS').length;
    if (result.passed !== passed) throw new Error(`${file}: its attributes say that ${result.passed} passed, its cases ${passed}`);
  }
  return counts;
}

if (command === 'count') {
  console.log(JSON.stringify({junit2json: await countByJunit2json(rest), 'test-results-parser': countByTestResultsParser(rest)}));
} else if (command === 'validate') {
  const ajv = new Ajv({strict: true, strictRequired: false, allErrors: false, allowUnionTypes: true});
  addFormats(ajv);
  const [schema, file] = rest.map(path => JSON.parse(readFileSync(path, 'utf8')));
  const validate = ajv.compile(schema);
  if (!validate(file)) {
    console.error(JSON.stringify(validate.errors.slice(0, 5), null, 1));
    process.exitCode = 1;
  }
} else {
  console.error('usage: read.mjs count FILE… | validate SCHEMA FILE');
  process.exitCode = 64;
}
