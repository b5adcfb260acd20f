// What schemas and readers of each format say of our files, and whether they count what results.json counts.
//   node formats.mjs SCHEMAS ROOT    ROOT/<sample>/{results.json, formats/<name>}
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import Ajv from 'ajv';
import AjvDraft4 from 'ajv-draft-04';
import addFormats from 'ajv-formats';
import * as ctrf from 'ctrf';
import inspecjs from 'inspecjs';
import {micromark} from 'micromark';
import {gfm, gfmHtml} from 'micromark-extension-gfm';

const [schemas, root] = process.argv.slice(2);
let done = 0;
let sample = '';
const problems = [];
function that(truth, message) {
  done += 1;
  if (!truth) problems.push(`${sample}: ${message}`);
}
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const text = name => readFileSync(join(root, sample, 'formats', name), 'utf8');

function compiled(Validator, file) {
  if (!existsSync(file)) return null;
  const ajv = new Validator({strict: false, allErrors: false, logger: false});
  addFormats(ajv);
  return ajv.compile(JSON.parse(readFileSync(file, 'utf8')));
}
function follows(validate, value, what) {
  if (validate) that(validate(value), `${what} does not follow its schema: ${JSON.stringify(validate.errors?.slice(0, 3))}`);
}

/// The result of an entry, from results.json alone: worked out here a second time, on purpose.
function standing(rule) {
  const c = rule.counts;
  const whole = rule.whole?.verdict;
  if (c.unknown + c.error > 0 || rule.undecided || whole === 'unknown' || whole === 'error') return 'undecided';
  if (c.fail > 0 || whole === 'fail') return 'failed';
  return c.pass > 0 ? 'passed' : 'idle';
}
const name = rule => `${rule.policy}/${rule.as}`;

function checkOscal(results) {
  const report = JSON.parse(text('oscal'))['assessment-results'];
  follows(oscalSchema, {'assessment-results': report}, 'oscal');
  const result = report.results[0];
  const observations = result['observations'] ?? [];
  const risks = result.risks ?? [];
  const uuids = [report, result, ...observations, ...risks, ...(result.findings ?? []), ...report['back-matter'].resources].map(one => one.uuid);
  that(new Set(uuids).size === uuids.length, 'oscal: uuids are not unique');
  const known = new Set(uuids);
  const named = [report['import-ap'].href, ...observations.flatMap(one => (one['relevant-evidence'] ?? []).map(each => each.href))].map(href => href.slice(1));
  for (const finding of result.findings ?? []) {
    named.push(...finding['related-observations'].map(one => one['observation-uuid']), ...(finding['related-risks'] ?? []).map(one => one['risk-uuid']));
  }
  that(named.every(uuid => known.has(uuid)), 'oscal: a reference leads nowhere');
  that(observations.length === results.rules.length, `oscal: ${observations.length} observations of ${results.rules.length} rules`);
  results.rules.forEach((rule, i) => {
    const prop = key => observations[i].props.find(one => one.name === key)?.value;
    for (const verdict of Object.keys(rule.counts)) that(prop(`count-${verdict}`) === String(rule.counts[verdict]), `oscal: ${name(rule)}: ${verdict}`);
    const shown = (observations[i].subjects ?? []).filter(one => one.props.find(each => each.name === 'result').value === 'fail').length;
    that(shown === Math.min(rule.whole ? 0 : rule.counts.fail, 200), `oscal: ${name(rule)}: ${shown} failing subjects`);
  });
  that(risks.filter(one => one.status === 'open').length === results.rules.filter(rule => rule.counts.fail > 0).length, 'oscal: open risks');
  that(risks.filter(one => one.status === 'deviation-approved').length === results.rules.filter(rule => rule.counts.waived > 0).length, 'oscal: approved deviations');
  for (const finding of result.findings ?? []) {
    const ids = new Set(finding['related-observations'].map(one => one['observation-uuid']));
    const rules = results.rules.filter((_, i) => ids.has(observations[i].uuid));
    const isGood = rules.every(rule => ['passed', 'idle'].includes(standing(rule)) && rule.counts.waived === 0);
    that((finding.target.status.state === 'satisfied') === isGood, `oscal: ${finding.title} is ${finding.target.status.state}`);
  }
}

function checkSarif(results) {
  const log = JSON.parse(text('sarif'));
  follows(sarifSchema, log, 'sarif');
  const run = log.runs[0];
  that(run.results.length <= 25000, `sarif: ${run.results.length} results, more than code scanning takes`);
  const isDecided = (results.exit.code & 2) === 0;
  that(run.invocations[0].executionSuccessful === isDecided, 'sarif: executionSuccessful');
  that(run.results.every(one => one.kind === 'fail' && one.level !== 'none'), 'sarif: something else than failures');
  results.rules.forEach((rule, i) => {
    const own = run.results.filter(one => one.ruleIndex === i);
    that(own.every(one => one.ruleId === run.tool.driver.rules[i].id), `sarif: ${name(rule)}: ruleId`);
    const sum = (verdict, isSuppressed) => own.filter(one => one.properties.verdict === verdict && Boolean(one.suppressions) === isSuppressed)
      .reduce((total, one) => total + one.properties.subjects, 0);
    that(sum('fail', false) === rule.counts.fail, `sarif: ${name(rule)}: ${sum('fail', false)} fail, results.json says ${rule.counts.fail}`);
    that(sum('waived', true) === rule.counts.waived, `sarif: ${name(rule)}: ${sum('waived', true)} waived`);
    const notes = run.invocations[0].toolExecutionNotifications.filter(one => one.associatedRule?.index === i);
    that(notes.length === (standing(rule) === 'undecided' ? 1 : 0), `sarif: ${name(rule)}: ${notes.length} notifications`);
  });
  const prints = run.results.map(one => one.partialFingerprints?.['muster/v1']).filter(Boolean);
  // Two records of one id are one identity; sample runs have such on purpose.
  that(sample === 'hostile' || new Set(prints).size === prints.length, 'sarif: fingerprints are not unique');
}

function checkCtrf(results) {
  const report = JSON.parse(text('ctrf'));
  const checked = ctrf.validate(report);
  that(checked.valid, `ctrf does not follow its schema: ${JSON.stringify(checked.errors?.slice(0, 3))}`);
  const word = {undecided: 'failed', failed: 'failed', passed: 'passed', idle: 'skipped'};
  const wanted = results.rules.length > 0 ? results.rules.map(rule => word[standing(rule)]) : ['failed'];
  that(same(report.results.tests.map(one => one.status), wanted), 'ctrf: statuses');
  const recounted = ctrf.calculateSummary(report.results.tests);
  for (const key of ['tests', 'passed', 'failed', 'skipped', 'pending', 'other']) {
    that(report.results.summary[key] === recounted[key], `ctrf: summary.${key} is ${report.results.summary[key]}, npm's ctrf counts ${recounted[key]}`);
  }
  const names = report.results.tests.map(one => one.name);
  that(new Set(names).size === names.length, 'ctrf: names are not unique');
}

/// The rules of the class Compliance Finding, OCSF 1.5: what is required, and what the numbers mean.
function checkOcsf(results) {
  const lines = text('ocsf').split('\n');
  that(lines.pop() === '', 'ocsf: the last line has no end');
  const words = {severity: {1: 'Informational', 2: 'Low', 3: 'Medium', 4: 'High', 5: 'Critical'}, status: {1: 'New', 3: 'Suppressed', 4: 'Resolved'},
    compliance: {1: 'Pass', 2: 'Warning', 3: 'Fail', 99: 'Waived'}};
  const verdictOf = {pass: 1, fail: 3, unknown: 2, error: 2, waived: 99};
  const events = lines.map(line => JSON.parse(line));
  const text_ = value => typeof value === 'string' && value.length > 0;
  for (const event of events) {
    const isFine = event.category_uid === 2 && event.class_uid === 2003 && event.activity_id === 1 && event.type_uid === event.class_uid * 100 + event.activity_id &&
      Number.isInteger(event.time) && event.time === Math.floor(Date.parse(results.run.as_of)) && words.severity[event.severity_id] === event.severity &&
      words.status[event.status_id] === event.status && event.metadata.version === '1.5.0' && text_(event.metadata.product.name) && text_(event.metadata.product.vendor_name) &&
      text_(event.finding_info.uid) && text_(event.finding_info.title) && text_(event.compliance.control) && event.compliance.standards.length > 0 &&
      words.compliance[event.compliance.status_id] === event.compliance.status && Array.isArray(event.resources) && event.resources.length === 1;
    that(isFine, `ocsf: not a compliance finding: ${JSON.stringify(event).slice(0, 600)}`);
    that(event.compliance.status_id === verdictOf[event.unmapped.verdict], `ocsf: ${event.unmapped.verdict} has status ${event.compliance.status}`);
  }
  const uids = events.map(event => event.metadata.uid);
  that(sample === 'hostile' || new Set(uids).size === uids.length, 'ocsf: uids are not unique');
  if (results.rules.length === 0) that(events.length === 1 && events[0].compliance.status_id === 2, 'ocsf: no rule, and no warning');
  for (const rule of results.rules) {
    const own = events.filter(event => event.compliance.control === name(rule) || (event.unmapped.policy === rule.policy && event.unmapped.entry === rule.as));
    for (const verdict of ['fail', 'waived', 'unknown', 'error']) {
      const sum = own.filter(event => event.unmapped.verdict === verdict).reduce((total, event) => total + event.unmapped.subjects, 0);
      that(sum === rule.counts[verdict], `ocsf: ${name(rule)}: ${sum} ${verdict}, results.json says ${rule.counts[verdict]}`);
    }
    const passes = own.filter(event => event.compliance.status_id === 1).length;
    that(passes === (standing(rule) === 'passed' ? 1 : 0), `ocsf: ${name(rule)}: ${passes} events that pass`);
    const has = number => own.some(event => event.compliance.status_id === number);
    that(standing(rule) !== 'undecided' || has(2), `ocsf: ${name(rule)}: is undecided, and nothing warns`);
    that(standing(rule) !== 'failed' || has(3), `ocsf: ${name(rule)}: failed, and nothing fails`);
  }
}

function checkHdf(results) {
  const file = inspecjs.convertFile(text('hdf'))['1_0_ExecJson'];
  that(file, 'hdf: inspecjs does not take it for a run');
  if (!file) return;
  const controls = file.profiles.flatMap(profile => profile.controls.map(control => inspecjs.hdfWrapControl(control)));
  const counts = {};
  for (const control of controls) counts[control.status] = (counts[control.status] ?? 0) + 1;
  const word = {undecided: 'Profile Error', failed: 'Failed', passed: 'Passed', idle: 'Not Applicable'};
  const wanted = {};
  for (const rule of results.rules) wanted[word[standing(rule)]] = (wanted[word[standing(rule)]] ?? 0) + 1;
  if (results.rules.length === 0) wanted['Profile Error'] = 1;
  const sorted = value => Object.entries(value).sort();
  that(same(sorted(counts), sorted(wanted)), `hdf: inspecjs counts ${JSON.stringify(counts)}, results.json says ${JSON.stringify(wanted)}`);
  const severities = {critical: 'critical', high: 'high', medium: 'medium', low: 'low', info: 'low'};
  const byId = new Map(controls.map(control => [control.wraps.id, control]));
  for (const rule of results.rules) {
    const control = byId.get(name(rule)) ?? controls.find(one => one.wraps.title === rule.title);
    if (!control) continue;  // a hostile name, written visibly
    that(control.status === word[standing(rule)], `hdf: ${name(rule)} is ${control.status}`);
    that(control.waived === (standing(rule) === 'idle' && rule.counts.waived > 0), `hdf: ${name(rule)}: waived is ${control.waived}`);
    if (control.wraps.impact > 0) that(control.severity === severities[rule.severity], `hdf: ${name(rule)}: severity ${control.severity}`);
    that(rule.counts.fail === 0 || control.status_list.includes('failed'), `hdf: ${name(rule)}: no result failed`);
  }
}

/// No link, no HTML and no table row of another width comes from a name.
function checkMarkdown(results) {
  const source = text('markdown');
  that(Buffer.byteLength(source) < 1024 * 1024, `markdown: ${Buffer.byteLength(source)} bytes, more than a job summary takes`);
  const page = micromark(source, {allowDangerousHtml: true, extensions: [gfm()], htmlExtensions: [gfmHtml()]}).replaceAll('<!-- -->', '');
  const tags = new Set([...page.matchAll(/<\/?([a-zA-Z!?][a-zA-Z0-9-]*)/g)].map(found => found[1]));
  const allowed = new Set(['h1', 'h2', 'p', 'table', 'thead', 'tbody', 'tr', 'th', 'td', 'code', 'strong', 'ul', 'li']);
  that([...tags].every(tag => allowed.has(tag)), `markdown: tags ${[...tags].filter(tag => !allowed.has(tag))}`);
  for (const table of page.match(/<table>[^]*?<\/table>/g) ?? []) {
    const widths = (table.match(/<tr>[^]*?<\/tr>/g) ?? []).map(row => (row.match(/<t[hd][ >]/g) ?? []).length);
    that(new Set(widths).size === 1, `markdown: rows of ${[...new Set(widths)]} cells in one table`);
    that(!/<td[^>]*><\/td>/.test(table), 'markdown: an empty cell');
  }
  // Renderers drop what is too much in a row, so the page cannot tell: the pipes of each table's lines do.
  let width = 0;
  for (const line of source.split('\n')) {
    const pipes = line.startsWith('|') ? line.split('|').length : 0;
    that(pipes === 0 || width === 0 || pipes === width, `markdown: a row of another width: ${line.slice(0, 200)}`);
    width = pipes;
  }
  const rows = (page.match(/<h2>Rules<\/h2>\s*<table>[^]*?<\/table>/)?.[0].match(/<tr>/g) ?? []).length - 1;
  that(rows === (results.rules.length > 0 ? results.rules.length : -1), `markdown: ${rows} rows of ${results.rules.length} rules`);
  that((page.match(/<td>✅/g) ?? []).length === results.rules.filter(rule => standing(rule) === 'passed').length, 'markdown: what is marked as passed');
  that(page.includes('<h1>✅') === (results.exit.code === 0), 'markdown: the first line');
}

/// As the runner of GitHub Actions reads a line: actions/toolkit writes what this undoes.
function checkGithub(results) {
  const lines = text('github').split('\n');
  that(lines.pop() === '', 'github: the last line has no end');
  const decoded = value => value.replace(/%0D/g, '\r').replace(/%0A/g, '\n').replace(/%3A/g, ':').replace(/%2C/g, ',').replace(/%25/g, '%');
  const kinds = {error: 0, warning: 0, notice: 0};
  const titles = [];
  for (const line of lines) {
    const found = /^::(error|warning|notice) ([^:]*)::(.*)$/.exec(line);
    that(found, `github: not a command: ${line.slice(0, 200)}`);
    if (!found) continue;
    kinds[found[1]] += 1;
    const properties = Object.fromEntries(found[2].split(',').map(one => [one.slice(0, one.indexOf('=')), decoded(one.slice(one.indexOf('=') + 1))]));
    that(Object.keys(properties).every(key => ['file', 'line', 'title'].includes(key)), `github: properties ${Object.keys(properties)}`);
    titles.push([found[1], properties.title, decoded(found[3])]);
  }
  that(Object.values(kinds).every(count => count <= 10), `github: ${JSON.stringify(kinds)}, and a step shows ten of a kind`);
  that(titles[0]?.[0] === (results.exit.code === 0 ? 'notice' : 'error'), 'github: the outcome');
  const bad = results.rules.filter(rule => (rule.counts.fail > 0 && rule.gated) || (standing(rule) === 'undecided' && rule.on_unknown !== 'report')).length;
  const more = titles.find(one => one[0] === 'error' && / more rules$/.test(one[1]));
  const said = titles.filter(one => one[0] === 'error').length - (results.exit.code === 0 ? 0 : 1) + (more ? parseInt(more[1], 10) - 1 : 0);
  that(said === bad, `github: ${said} errors for ${bad} rules that fail or are undecided`);
}

const oscalSchema = compiled(Ajv, join(schemas, 'oscal_assessment-results_1.1.3.json'));
const sarifSchema = compiled(AjvDraft4, join(schemas, 'sarif-2.1.0.json'));
for (sample of readdirSync(root).sort()) {
  const results = JSON.parse(readFileSync(join(root, sample, 'results.json'), 'utf8'));
  checkOscal(results);
  checkSarif(results);
  checkCtrf(results);
  checkOcsf(results);
  checkHdf(results);
  checkMarkdown(results);
  checkGithub(results);
}
for (const problem of problems.slice(0, 40)) console.log('FAILED:', problem);
console.log(`${done} checks, ${problems.length} failed`);
process.exitCode = problems.length > 0 || done === 0 ? 1 : oscalSchema && sarifSchema ? 0 : 77;
