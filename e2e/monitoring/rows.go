package monitoring

// own selects what the release that is looked at tells of itself. asked are its webhooks, as API servers tell of them.
const (
	own   = `namespace="$namespace",job="$job"`
	asked = `name=~".+[.]polymoat[.]io"`
)

// Row is a question of the administrator's, and the panels that answer it.
type Row struct {
	Question string
	Panels   []Panel
}

// Panel is one answer.
type Panel struct {
	Title, Doc string
	Kind       Kind
	Width      int     // of 24
	Unit       string  // of Grafana: "s", "short", "dtdurations"
	Steps      []Step  // the colours of a Stat, from the least value on
	Queries    []Query // of a Table: one
}

// Kind is how a panel is drawn.
type Kind string

// The kinds of panels.
const (
	Stat   Kind = "stat"       // one number, or one for each series, big
	Series Kind = "timeseries" // lines over time
	Table  Kind = "table"      // a row for each series, with its labels
)

// Step is the colour from a value on.
type Step struct {
	From  *float64 `json:"value"` // nil: from the least
	Color string   `json:"color"`
}

// Query is PromQL, with the variables of the dashboard in it, and the name of each series that it finds.
type Query struct {
	Expr, Legend string
	Exemplars    bool // drawn, with links to their traces
}

func from(value float64, color string) Step { return Step{&value, color} }

var (
	zeroIsGood = []Step{{nil, "green"}, from(1, "red")}
	timeIsGood = []Step{{nil, "red"}, from(7*86400, "orange"), from(21*86400, "green")}
	neutral    = []Step{{nil, "text"}}
)

// Rows are the dashboard, from top to bottom.
var Rows = []Row{
	{"Is core alone on its nodes?", []Panel{
		{"Pods on protected nodes that are not allowed there", "Should be 0. Without data nobody audits. kubectl polymoat audit names them.",
			Stat, 6, "short", zeroIsGood, []Query{
				{`sum(max by (policy, kind) (polymoat_audit_findings{` + own + `,kind="pod-on-protected-node"}))`, "", false},
			}},
		{"Other findings", "Should be 0: pods that could get to protected nodes, claim core or run as root, and nodes that open the way.",
			Stat, 4, "short", zeroIsGood, []Query{
				{`sum(max by (policy, kind) (polymoat_audit_findings{` + own + `,kind!="pod-on-protected-node"}))`, "", false},
			}},
		{"Findings", "By policy and kind, as kubectl polymoat audit calls them.",
			Series, 14, "short", nil, []Query{
				{`max by (policy, kind) (polymoat_audit_findings{` + own + `}) > 0`, "{{policy}}: {{kind}}", false},
			}},
		{"Nodes", "With the label of a node pool.",
			Stat, 10, "short", neutral, []Query{
				{`max by (policy, pool) (polymoat_nodes{` + own + `})`, "{{policy}}: {{pool}}", false},
			}},
		{"Pods", "Of governed namespaces, by the node pool of their node and by role.",
			Series, 14, "short", nil, []Query{
				{`max by (policy, pool, role) (polymoat_pods{` + own + `})`, "{{policy}}: {{role}} on {{pool}}", false},
			}},
	}},
	{"Who is refused, and by which rule?", []Panel{
		{"Refused by a rule", "Rules in mode Enforce that fired. One pod may violate more than one.",
			Series, 12, "short", nil, []Query{
				{`sum by (role, rule) (increase(polymoat_decisions_total{` + own + `,mode="Enforce",verdict="Denied",dry_run="false"}[$__rate_interval])) > 0`, "{{role}}: {{rule}}", false},
			}},
		{"Refused in all this time", "By policy, role and rule. The log names who, and kubectl polymoat replay reads the API server's audit log.",
			Table, 12, "short", nil, []Query{
				{`sum by (policy, role, rule) (increase(polymoat_decisions_total{` + own + `,mode="Enforce",verdict="Denied",dry_run="false"}[$__range])) > 0`, "", false},
			}},
		{"Not refused yet", "Rules in mode Warn or Audit that fired, and mutations in mode Shadow that were not applied.",
			Series, 8, "short", nil, []Query{
				{`sum by (role, rule, mode) (increase(polymoat_decisions_total{` + own + `,mode=~"Warn|Audit|Shadow",dry_run="false"}[$__rate_interval])) > 0`, "{{mode}} {{role}}: {{rule}}", false},
			}},
		{"Overrides", "What experiments asked for and got; Invalid is what was malformed or out of bounds.",
			Series, 8, "short", nil, []Query{
				{`sum by (role, override) (increase(polymoat_overrides_total{` + own + `,dry_run="false"}[$__rate_interval])) > 0`, "{{role}}: {{override}}", false},
				{`sum by (role) (increase(polymoat_reviews_total{` + own + `,verdict="Invalid",dry_run="false"}[$__rate_interval])) > 0`, "{{role}}: Invalid", false},
			}},
		{"Reviews", "A second, by webhook and verdict.",
			Series, 8, "reqps", nil, []Query{
				{`sum by (webhook, verdict) (rate(polymoat_reviews_total{` + own + `}[$__rate_interval]))`, "{{webhook}}: {{verdict}}", false},
			}},
	}},
	{"Do those who are concerned hear of it?", []Panel{
		{"Events", "Refusals of pods that somebody's workload asked for, by what became of the event about it.",
			Series, 10, "short", nil, []Query{
				{`sum by (outcome) (increase(polymoat_events_total{` + own + `}[$__rate_interval])) > 0`, "{{outcome}}", false},
			}},
		{"Reports", "One for each workload with findings, and those for which there was no room.",
			Series, 7, "short", nil, []Query{
				{`max(polymoat_reports{` + own + `})`, "reports", false},
				{`max(polymoat_reports_left_out{` + own + `})`, "left out", false},
			}},
		{"Writes of reports", "No more than what changes.",
			Series, 7, "short", nil, []Query{
				{`sum by (verb, outcome) (increase(polymoat_report_writes_total{` + own + `}[$__rate_interval])) > 0`, "{{verb}}: {{outcome}}", false},
			}},
	}},
	{"Does it answer in time?", []Panel{
		{"Latency against the timeout", "The slowest review of a hundred, as polymoat and as the API server measure it. Points are traced reviews.",
			Series, 12, "s", nil, []Query{
				{`histogram_quantile(0.99, sum by (le, webhook) (rate(polymoat_request_duration_seconds_bucket{` + own + `}[$__rate_interval])))`, "{{webhook}}", true},
				{`histogram_quantile(0.99, sum by (le, name) (rate(apiserver_admission_webhook_admission_duration_seconds_bucket{` + asked + `}[$__rate_interval])))`, "{{name}}, by the API server", false},
				{`histogram_quantile(0.99, sum by (le, webhook) (rate(polymoat_decide_duration_seconds_bucket{` + own + `}[$__rate_interval])))`, "{{webhook}}, the decision", true},
				{`vector($timeout)`, "timeout", false},
			}},
		{"Without an answer", "What the API server refused because polymoat did not answer, and what it let through all the same.",
			Series, 6, "short", nil, []Query{
				{`sum by (name, error_type) (increase(apiserver_admission_webhook_rejection_count{` + asked + `,error_type!="no_error"}[$__rate_interval])) > 0`, "{{name}} refused: {{error_type}}", false},
				{`sum by (name) (increase(apiserver_admission_webhook_fail_open_count{` + asked + `}[$__rate_interval])) > 0`, "{{name}} let through", false},
			}},
		{"Answers without a decision", "By what was wrong. The log says more.",
			Series, 6, "short", nil, []Query{
				{`sum by (kind) (increase(polymoat_errors_total{` + own + `}[$__rate_interval])) > 0`, "{{kind}}", false},
			}},
		{"Reviews in flight", "Of the busiest replica. Where something waits for long, reviews are sent away soon: add replicas.",
			Series, 24, "bytes", nil, []Query{
				{`max by (state) (polymoat_in_flight_bytes{` + own + `})`, "{{state}}", false},
			}},
	}},
	{"Is it in order?", []Panel{
		{"The certificate expires in", "Every source renews earlier than in its last week. kubectl polymoat doctor says why one does not.",
			Stat, 5, "dtdurations", timeIsGood, []Query{
				{`min(polymoat_certificate_not_after_seconds{` + own + `}) - time()`, "", false},
			}},
		{"Replicas", "By version. More than one version is an upgrade that goes on, or that hangs.",
			Stat, 4, "short", neutral, []Query{
				{`count by (version) (polymoat_build_info{` + own + `})`, "{{version}}", false},
			}},
		{"Refusals not logged", "There were too many at once. Metrics and the API server's audit log miss none.",
			Stat, 5, "short", neutral, []Query{
				{`sum(increase(polymoat_log_suppressed_total{` + own + `}[$__range]))`, "", false},
			}},
		{"Exceptions end in", "What an exception lets through is refused from then on. Negative: it is over, and may be taken out of the policy.",
			Table, 10, "dtdurations", nil, []Query{
				{`min by (policy, exception) (polymoat_exception_end_timestamp_seconds{` + own + `}) - time()`, "", false},
			}},
		{"Which policy runs where", "By the hash of its text: each replica should run the same.",
			Table, 16, "short", nil, []Query{
				{`max by (instance, policy, hash) (polymoat_policy_info{` + own + `})`, "", false},
			}},
		{"Who audits", "One replica, and no more.",
			Table, 8, "short", nil, []Query{
				{`max by (instance) (polymoat_audit_leader{` + own + `}) > 0`, "", false},
			}},
	}},
}
