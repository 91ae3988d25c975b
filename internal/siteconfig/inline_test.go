package siteconfig

import (
	"regexp"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/catalogue"
	"github.com/consentry/consentry/internal/consent"
)

// commands are lines of the vendors' own code for services whose whole snippet is
// not under testdata, and other spellings of those whose is.
var commands = map[string][]string{
	"activecampaign":     {`vgo('setAccount', '12345678');`},
	"adroll":             {`adroll_adv_id = "ABCDEF";`, `window.adroll_adv_id="ABCDEF"`},
	"adsense":            {`(adsbygoogle = window.adsbygoogle || []).push({});`, `(adsbygoogle=window.adsbygoogle||[]).push({})`},
	"amazon-ads":         {`amzn("setRegion", "EU");`, `amzn('addTag', '01234567');`},
	"amplitude":          {`amplitude.init("0123456789abcdef0123456789abcdef");`, `amplitude.getInstance().init('0123456789abcdef0123456789abcdef')`},
	"baidu-tongji":       {`var _hmt = window._hmt || [];`},
	"chartbeat":          {`var _sf_async_config = window._sf_async_config = (window._sf_async_config || {});`},
	"comscore":           {`var _comscore = _comscore || []; _comscore.push({ c1: "2", c2: "1234567" });`},
	"contentsquare":      {`window._uxa = window._uxa || [];`},
	"criteo":             {`window.criteo_q = window.criteo_q || [];`},
	"datadog-rum":        {`window.DD_RUM && window.DD_RUM.init({ clientToken: 'pub0', applicationId: '0' });`},
	"disqus":             {`var disqus_shortname = 'example';`},
	"drift":              {`drift.SNIPPET_VERSION = '0.3.1';`, `drift.load('abcdefgh1234');`},
	"floodlight":         {`gtag('config', 'DC-1234567');`},
	"freshchat":          {`window.fcWidget.init({ token: "0", host: "https://wchat.freshchat.com" });`},
	"ga4":                {`gtag("config","G-ABCDEF1234")`, `gtag( 'config', 'G-ABCDEF1234' );`},
	"google-ad-manager":  {`googletag.cmd.push(function() {`, `window.googletag.cmd = [];`},
	"google-ads":         {`gtag("config","AW-123456789")`},
	"heap":               {`heap.load("1234567890");`, `window.heapReadyCb=window.heapReadyCb||[],window.heap=window.heap||[]`},
	"inspectlet":         {`window.__insp = window.__insp || []; __insp.push(['wid', 1234567890]);`},
	"intercom":           {`Intercom('boot', { app_id: 'abcd1234' });`},
	"kakao":              {`Kakao.init('0123456789abcdef');`},
	"kissmetrics":        {`var _kmq = _kmq || [];`},
	"logrocket":          {`window.LogRocket && window.LogRocket.init('abc/shop');`},
	"matomo":             {`var _paq = _paq || [];`, `var _paq=window._paq=window._paq||[];`},
	"matomo-tag-manager": {`_mtm.push({'mtm.startTime': (new Date().getTime()), 'event': 'mtm.Start'});`},
	"meta-pixel":         {`fbq( 'init', '123456789012345' );`},
	"mixpanel":           {`mixpanel.init('0123456789abcdef', { track_pageview: true });`},
	"new-relic":          {`;window.NREUM||(NREUM={});NREUM.init={privacy:{cookies_enabled:true}};`},
	"nextdoor-pixel":     {`ndp('init','01234567-89ab', {});`},
	"olark":              {`olark.identify('1234-567-89-0123');`},
	"pardot":             {`piAId='123456';`},
	"piwik-pro":          {`window[dataLayerName].push({start:(new Date).getTime(),event:"stg.start"});`},
	"posthog":            {`posthog.init('phc_abc', { api_host: 'https://eu.i.posthog.com' })`},
	"quantcast":          {`window._qevents = window._qevents || [];`},
	"segment":            {`analytics.load("abcdefghijklmnopqrstuvwxyz012345");`, `analytics.SNIPPET_VERSION="4.15.3";`},
	"smartlook":          {`smartlook('init', '0123456789abcdef', { region: 'eu' });`},
	"spotify-pixel":      {`spdt('conf', { key: '0' });`},
	"taboola":            {`window._taboola = window._taboola || []; _taboola.push({article:'auto'});`, `_tfa.push({notify: 'event', name: 'purchase', id: 1234567});`},
	"outbrain":           {`var OB_ADV_ID = '00abcdef';`, `obApi('track', 'PAGE_VIEW');`},
	"the-trade-desk":     {`ttd_dom_ready( function() {`},
	"vk-pixel":           {`VK.Retargeting.Init("VK-RTRG-1"), VK.Retargeting.Hit()`},
	"vwo":                {`window._vwo_code || (function() {`, `var _vwo_code=(function(){`},
	"woopra":             {`woopra.track();`},
	"yahoo-ads":          {`s.parentNode.insertBefore(c,s)})(window,document,"script","https://s.yimg.com/wi/ytc.js","dotq");`, `window.dotq = window.dotq || [];`},
	"zendesk-chat":       {`zE('webWidget', 'hide');`, `zE("messenger", "open")`, `window.zEmbed||function(e,t){`, `window.$zopim||(function(d,s){var z=$zopim=function(c){`},
	"6sense":             {`window._6si = window._6si || [];`},
	"brevo":              {`window.sib = { equeue: [], client_key: "abc" };`, `window.Brevo = window.Brevo || [];`, `w.BrevoConversationsID = 'abc';`},
	"dynamic-yield":      {`DY.recommendationContext = {type: 'HOMEPAGE'};`},
	"leadfeeder":         {`window.ldfdr=window.ldfdr||function(){(ldfdr._q=ldfdr._q||[]).push([].slice.call(arguments));};`},
	"mparticle":          {`window.mParticle = { config: { isDevelopmentMode: false } };`, `window.mParticle=window.mParticle||{};`},
	"onesignal":          {`window.OneSignalDeferred = window.OneSignalDeferred || [];`, `OneSignal.push(function() { OneSignal.init({ appId: "0" }); });`},
	"pendo":              {`pendo.initialize({ visitor: { id: '' } });`},
	"rudderstack":        {`window.RudderSnippetVersion="3.0.60";`, `window.rudderanalytics.load("abcdefghijklmnopqrstuvwxyz0", "https://shop.dataplane.rudderstack.com");`},
	"xandr":              {`pixie('init', '01234567-89ab');`, `apntag.anq = apntag.anq || [];`},
	"zoho-salesiq":       {`window.$zoho=window.$zoho || {};$zoho.salesiq=$zoho.salesiq||{ready:function(){}}`},
	"zoominfo":           {`zi.src = 'https://js.zi-scripts.com/zi-tag.js';`, `zi.src = 'https://ws.zoominfo.com/pixel/abc';`},
}

// Every inline pattern finds its vendor's code, alone.
func TestEveryInlinePatternIsTried(t *testing.T) {
	services, _ := Catalogue(catalogue.Files)
	whole := snippets(t)
	for _, id := range serviceNames(services) {
		if services[id].Inline != "" && whole[id] == "" && len(commands[id]) == 0 {
			t.Errorf("%s has an inline pattern that nothing tries", id)
		}
		for _, line := range commands[id] {
			if got := foundIn(services, line); got != id {
				t.Errorf("%s is taken for code of %q, not of %s", line, got, id)
			}
		}
	}
}

// foundIn names the services whose inline patterns match.
func foundIn(services map[string]consent.Service, code string) string {
	var found []string
	for _, id := range serviceNames(services) {
		if s := services[id]; s.Inline != "" && regexp.MustCompile(s.Inline).MatchString(code) {
			found = append(found, id)
		}
	}
	return strings.Join(found, " ")
}

// innocent are lines that a site has of its own, each near some pattern: a script
// that holds one would wait for a vendor's permission for nothing.
const innocent = `
const jobApi = new Client("/jobs"), blobApi = storage(), globApi = files();
jobApi("track", id); const obApi = createOrderBook();
form.dataset.needs_tfa = "1"; if (user.has_tfa) showCode();
this._tfa = form.elements.code.value;
if (needs_tfa == user._tfa) resend();
window.addEventListener("resize", () => { resizE(grid) });
function zE(e,t){return e<t}zE(1,2);
a.zE(b); lazE("webWidget", 1);
const apiAId = document.body.dataset.api; let piAIdentifier = 3;
import dotquery from "/js/dotquery.js"; const dotq = x => x * x;
var is_hmt = false; this._hmt = hours * 60;
this.heap.load(items); minheap.load("/data.json"); binaryheap.load(rows);
this.analytics.load("charts.js"); myanalytics.load(report);
const { amplitude } = wave; this.amplitude.init(440); synth.amplitude.init("sine");
const calc_mtm = price - cost; position._mtm = calc_mtm;
algtm.start(); this.gtm.start(); queue.push({ "algtm.start": 1 });
var opaq = 1, my_paq = {}; if (window._paq === undefined) countVisit();
if (typeof window.adsbygoogle === "undefined") showBlockerNotice();
var loadsbygoogle = false; if (window.adsbygoogle == null) blocked = true;
let misc_project = 5; const misc_project_name = "kiln";
const mount_fs_namespace = "/srv"; my_fs_namespace.mount();
if (window.lintrk) lintrk("track", { conversion_id: 1 });
const our_linkedin_partner_ids = [];
mygtag("config", "G-force"); logtag("config", "AW-1");
xfbq("init"); hrdt("init"); endp("init"); mqp("init"); btwq("config");
mqttq.load("topic"); this.ttq.load(queue);
renew UET(1); const view = new UETable(rows);
faq_qevents.push(open); task_kmq = [];
upgoogletag.cmd = []; const my_criteo_queue = [];
snowdrift.load("scene.glb"); this.drift.load(samples);
const intercomSettings = { volume: 5, doorbell: true };
video_intercomSettings = {}; openIntercom("bootstrap");
myTawk_API2 = 1; const use_smartsupp = false;
window.my_uxa = 1; window.cmfq = {};
pstg.start(); this.stg.start();
smartLookup("init"); mysmartlook("init", 1); OldLogRocket.initialise();
ymap.ym("load"); gym(12, "initial");
my_hjSettings = {}; const to = "https://myclarity.ms/tag/1";
mymixpanel.init("a"); composthog.init("b"); preVK.Retargeting = 1;
undisqus_config = 0; my_vwo_codes = [];
my_sf_async_config = 1; is_comscore.push(1); super__insp.push(2);
OLDNREUM={}; MY_DD_RUM.init(); sKakao.init(); fcWidget.initial = 1;
not_CRISP_WEBSITE_ID = 1; unolark.identify(bird); xMunchkin.initial();
my__lc.licenses = []; badroll_adv_id = 1; bttd_dom_ready(function () {});
window.sibling = 1; my_pendo = spendo.initialize(plan); mypixie("init"); READY.recommendationContext = 1;
window.mParticleSystem = 1; NoneSignal.init(); window.my_6si = 1; $zohoo.salesiq = 1;
myvgo("setAccount"); myamzn("addTag"); espintrk("load"); asnaptr("init"); dspdt("conf");
`

func TestInlinePatternsLeaveASitesOwnScriptsAlone(t *testing.T) {
	services, _ := Catalogue(catalogue.Files)
	lines := strings.Split(strings.TrimSpace(innocent), "\n")
	if len(lines) < 40 {
		t.Fatalf("only %d lines", len(lines))
	}
	for _, line := range lines {
		if found := foundIn(services, line); found != "" {
			t.Errorf("%s is taken for code of %s", line, found)
		}
	}
}
