import { redactedMark } from './redactedMark';

/** Takes out what is a secret by its own form, whatever stands around it. */
export function redactFormats(text: string): string {
  let result = text;
  for (const [hint, pattern] of formats) {
    if (result.includes(hint)) {
      result = result.replace(pattern, redactedMark);
    }
  }
  if (result.includes('eyJ')) {
    result = result.replace(dottedRun, redactJwt);
  }
  return hasAwsKeyId(text) ? redactAwsSecrets(result, text) : result;
}

/**
 * A text that every hit contains, and the form. Bodies are open-ended where a longer one is no longer a match of
 * something else; a hit never depends on what follows far away, so that the work stays in proportion to the text.
 *
 * Sources: the providers' own documentation of their prefixes, and the rules of public secret scanners.
 */
const formats: readonly (readonly [string, RegExp])[] = [
  // Models
  // OpenAI, Anthropic, OpenRouter, Langfuse; `sk-loading-spinner` is a class of a style sheet
  ['sk-', /\bsk-(?:ant|proj|or|svcacct|admin|lf)-[A-Za-z0-9_-]{8,}/g],
  ['sk-', /\bsk-(?=[a-z_-]{0,80}[0-9A-Z]|[a-z]{20})[A-Za-z0-9_-]{16,}/g],
  ['*', /\b(?:sk|pk|rk)-[A-Za-z0-9_-]{0,40}\*{3,}[A-Za-z0-9_-]{0,40}/g], // as a server shows it
  ['gsk_', /\bgsk_[A-Za-z0-9]{30,}/g],
  ['xai-', /\bxai-[A-Za-z0-9]{40,}/g],
  ['pplx-', /\bpplx-[A-Za-z0-9]{32,}/g],
  ['r8_', /\br8_[A-Za-z0-9]{30,}/g],
  ['hf_', /\bhf_[A-Za-z0-9]{20,}/g],
  ['api_org_', /\bapi_org_[A-Za-z0-9]{20,}/g],
  ['nvapi-', /\bnvapi-[A-Za-z0-9_-]{40,}/g],
  ['tvly-', /\btvly-[A-Za-z0-9-]{20,}/g],
  ['lsv2_', /\blsv2_(?:pt|sk)_[A-Za-z0-9_]{20,}/g],
  ['pcsk_', /\bpcsk_[A-Za-z0-9_]{20,}/g],
  ['AIza', /\bAIza[A-Za-z0-9_-]{30,}/g],
  // Git hosts
  ['gh', /(?<![A-Za-z0-9])gh[opsur]_[A-Za-z0-9]{20,}/g],
  ['github_pat_', /(?<![A-Za-z0-9])github_pat_[A-Za-z0-9_]{20,}/g],
  ['gl', /\bgl(?:pat|dt|rt|cbt|ptt|ft|soat|imt|agent|oas|ffct|wt)-[A-Za-z0-9_.-]{16,}/g],
  ['GR1348941', /\bGR1348941[A-Za-z0-9_-]{16,}/g],
  ['ATBB', /\bATBB[A-Za-z0-9]{24,}/g],
  ['AT', /\bAT(?:ATT|CTT)3x[A-Za-z0-9_=-]{20,}/g],
  ['sgp_', /\bsgp_[A-Za-z0-9_]{32,}/g],
  // Clouds
  ['A', /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b/g],
  ['ABSK', /\bABSK[A-Za-z0-9+/=]{60,}/g],
  ['o', /\b(?:IQoJb3|FwoGZXIvYXdz|FQoGZXIvYXdz)[A-Za-z0-9+/=%]{50,}/g], // AWS session
  ['GOCSPX-', /\bGOCSPX-[A-Za-z0-9_-]{20,}/g],
  ['ya29.', /\bya29\.[A-Za-z0-9_-]{20,}/g],
  ['1//0', /(?<![\w/])1\/\/0[A-Za-z0-9_-]{30,}/g],
  ['8Q~', /(?<![\w~.])[A-Za-z0-9_~.]{3}8Q~[A-Za-z0-9_~.-]{31,34}/g], // Entra client secret
  ['7Q~', /(?<![\w~.])[A-Za-z0-9_~.]{3}7Q~[A-Za-z0-9_~.-]{31,34}/g],
  ['_v1_', /\bdo[opr]_v1_[a-f0-9]{40,}/g],
  ['LTAI', /\bLTAI[A-Za-z0-9]{12,30}\b/g],
  ['dapi', /\bdapi[a-f0-9]{32}(?:-\d)?\b/g],
  ['HRKU-', /\bHRKU-[A-Za-z0-9_-]{30,}/g],
  ['fo1_', /\bfo1_[A-Za-z0-9_-]{30,}/g],
  ['fm', /\bfm[12][ar]?_[A-Za-z0-9_+/=-]{60,}/g],
  ['nfp_', /\bnfp_[A-Za-z0-9]{30,}/g],
  ['sb', /\bsb(?:p|_secret)_[A-Za-z0-9_]{20,}/g],
  ['pscale_', /\bpscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.=-]{30,}/g],
  ['napi_', /\bnapi_[a-z0-9]{40,}/g],
  ['dp.', /\bdp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9_.]{30,}/g],
  ['hv', /\bhv[sbr]\.[A-Za-z0-9_-]{20,}/g],
  ['.atlasv1.', /\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{50,}/g],
  ['pul-', /\bpul-[a-f0-9]{40}\b/g],
  ['tskey-', /\btskey-[a-z]{2,12}-[A-Za-z0-9-]{15,}/g],
  ['AGE-SECRET-KEY-1', /\bAGE-SECRET-KEY-1[A-Z0-9]{50,}/g],
  ['ops_eyJ', /\bops_eyJ[A-Za-z0-9+/=_-]{50,}/g],
  // Package registries
  ['npm_', /\bnpm_[A-Za-z0-9]{30,}/g],
  ['pypi-', /\bpypi-[A-Za-z0-9_-]{40,}/g],
  ['rubygems_', /\brubygems_[a-f0-9]{40,}/g],
  ['oy2', /\boy2[a-z0-9]{43}\b/g],
  ['cio', /\bcio[A-Za-z0-9]{32}\b/g],
  ['dckr_', /\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}/g],
  ['CLOJARS_', /\bCLOJARS_[A-Za-z0-9]{40,}/g],
  ['AKC', /\bAKC[a-zA-Z0-9]{60,}/g],
  ['cmVmdGtu', /\bcmVmdGtu[A-Za-z0-9]{40,}/g],
  // Continuous integration and observation
  ['CCIP', /\bCCIP(?:AT|RJ)_[A-Za-z0-9_]{30,}/g],
  ['bk', /\bbkua_[a-f0-9]{30,}/g],
  ['sq', /\bsq[apu]_[a-f0-9]{40}\b/g],
  ['gl', /\bgl(?:sa|c)_[A-Za-z0-9_+/=]{32,}/g],
  ['sntry', /\bsntry[su]_[A-Za-z0-9_+/=]{40,}/g],
  ['NRAK-', /\bNRAK-[A-Z0-9]{20,}/g],
  ['NRII-', /\bNRII-[A-Za-z0-9_-]{20,}/g],
  ['dt0c01.', /\bdt0c01\.[A-Z0-9]{20,}\.[A-Z0-9]{40,}/g],
  ['PMAK-', /\bPMAK-[a-f0-9]{20,}-[a-f0-9]{30,}/g],
  ['ico-', /\bico-[A-Za-z0-9]{32}\b/g],
  // Chat, mail and telephone
  ['xox', /\bxox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{10,}/g],
  ['xapp-', /\bxapp-\d-[A-Za-z0-9-]{20,}/g],
  [
    'hooks.slack.com',
    /(?<=hooks\.slack\.com\/(?:services|workflows|triggers)\/)[A-Za-z0-9/_-]{20,}/g,
  ],
  ['/webhooks/', /(?<=discord(?:app)?\.com\/api\/webhooks\/)\d{10,20}\/[A-Za-z0-9_-]{30,}/g],
  ['/webhookb2/', /(?<=\/webhookb2\/)[A-Za-z0-9@/_-]{40,}/g],
  [':AA', /(?<=^|[^A-Za-z0-9]|bot)\d{8,10}:AA[A-Za-z0-9_-]{32,}/g], // Telegram
  ['.', /\b[MNO][A-Za-z0-9]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}/g], // Discord
  ['SG.', /\bSG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}/g],
  ['key-', /\bkey-[a-f0-9]{32}\b/g], // Mailgun
  ['-us', /\b[a-f0-9]{32}-us\d{1,2}\b/g], // Mailchimp
  ['SK', /\bSK[a-f0-9]{32}\b/g], // Twilio
  ['re_', /\bre_[A-Za-z0-9]{6,12}_[A-Za-z0-9]{16,}/g],
  ['xkeysib-', /\bxkeysib-[a-f0-9]{60,}(?:-[A-Za-z0-9]{10,})?/g],
  ['EAA', /\bEAA[A-Za-z0-9]{60,}/g], // Meta, Square
  // Payment and shops
  ['k_', /\b[sr]k_(?:live|test|prod)_[A-Za-z0-9]{10,}/g],
  ['whsec_', /\bwhsec_[A-Za-z0-9+/=]{20,}/g],
  ['sq0', /\bsq0(?:atp|csp|idp)-[A-Za-z0-9_-]{20,}/g],
  ['access_token$', /\baccess_token\$(?:production|sandbox)\$[a-z0-9]{10,}\$[a-f0-9]{32}\b/g],
  ['shp', /\bshp(?:at|ca|pa|ss|it)_[A-Fa-f0-9]{32,}/g],
  ['rzp_', /\brzp_(?:live|test)_[A-Za-z0-9]{14,}/g],
  ['access-', /\baccess-(?:production|development|sandbox)-[a-f0-9-]{36}\b/g],
  ['EZ', /\bEZ[AT]K[A-Za-z0-9]{40,}/g],
  // Tools of teams
  ['lin_', /\blin_(?:api|oauth)_[A-Za-z0-9]{30,}/g],
  ['secret_', /\bsecret_[A-Za-z0-9]{40,}/g],
  ['ntn_', /\bntn_[A-Za-z0-9]{40,}/g],
  ['pat', /\bpat[A-Za-z0-9]{14}\.[a-f0-9]{60,}/g], // Airtable
  ['pat-', /\bpat-(?:na|eu)\d-[a-f0-9-]{36}\b/g], // HubSpot
  ['figd_', /\bfigd_[A-Za-z0-9_-]{30,}/g],
  ['CFPAT-', /\bCFPAT-[A-Za-z0-9_-]{40,}/g],
  ['tfp_', /\btfp_[A-Za-z0-9_.-]{40,}/g],
  ['sdk-', /\b(?:sdk|api|mob)-[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}\b/g],
  ['v1.0-', /\bv1\.0-[a-f0-9]{24}-[a-f0-9]{100,}/g],
];

/** Runs of the letters of a JWT; each is looked at once. */
const dottedRun = /[A-Za-z0-9_.-]{24,}/g;

/** Header and claims begin with `{"`; a third part may be missing or cut. */
function redactJwt(run: string): string {
  const start = run.indexOf('eyJ');
  const [header = '', payload = ''] = start === -1 ? [] : run.slice(start).split('.', 2);
  return header.length >= 11 && payload.length >= 8 ? run.slice(0, start) + redactedMark : run;
}

function hasAwsKeyId(text: string): boolean {
  return /(?:AKIA|ASIA)[A-Z0-9]{16}/.test(text);
}

/** Forty letters of Base64 close behind an AWS key id are its secret, whatever stands between: a CSV, a table. */
function redactAwsSecrets(text: string, original: string): string {
  return original.length > maxAwsChars
    ? text
    : text.replace(/(?<![A-Za-z0-9/+=_-])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=_-])/g, (word) =>
        /[0-9]/.test(word) && /[a-z]/.test(word) && /[A-Z]/.test(word) ? redactedMark : word,
      );
}

/** In longer texts such words stand by chance. */
const maxAwsChars = 4096;
