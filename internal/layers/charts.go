package layers

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// Version is one of Polyaxon's chart: 2.15.1.
type Version struct{ Major, Minor, Patch int }

// ParseVersion reads "2.15", "v2.15.1" or "0.6".
func ParseVersion(text string) (Version, error) {
	var numbers [3]int
	parts := strings.Split(strings.TrimPrefix(text, "v"), ".")
	wrong := fmt.Errorf("%q is no version of Polyaxon's chart; write it as 2.15 or 2.15.1", text)
	if len(parts) < 2 || len(parts) > 3 {
		return Version{}, wrong
	}
	for i, part := range parts {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 {
			return Version{}, wrong
		}
		numbers[i] = n
	}
	v := Version{numbers[0], numbers[1], numbers[2]}
	if v.before(Version{0, 1, 0}) || !v.before(Version{3, 0, 0}) {
		return Version{}, fmt.Errorf("chart %s is not known; the known ones are 0.1 to 2.15", text)
	}
	return v, nil
}

func (v Version) before(o Version) bool {
	if v.Major != o.Major {
		return v.Major < o.Major
	}
	if v.Minor != o.Minor {
		return v.Minor < o.Minor
	}
	return v.Patch < o.Patch
}

// key is a place of a chart's values that takes a node selector and tolerations.
type key struct {
	selector, tolerations string // "postgresql.primary.nodeSelector"; empty where there is none
	role                  string // of the pods that it places; everywhere for those of every node
	what                  string // these are
}

// both is a key that holds the two under their usual names.
func both(path, role, what string) key {
	if path != "" {
		path += "."
	}
	return key{path + "nodeSelector", path + "tolerations", role, what}
}

// classic is a key of charts 0.1 to 0.4.
func classic(name, role, what string) key {
	return key{"nodeSelectors." + name, "tolerations." + name, role, what}
}

// generation is what charts have in common until the next one.
type generation struct {
	from Version
	keys []key
	// unreached are pods that no value places.
	unreached string
	// uids is the comment about securityContext; empty where the chart has none.
	uids string
}

const (
	everywhere = "" // the place of a DaemonSet: it tolerates the taints of all pools

	core     = v1alpha1.RoleCore
	own      = "Polyaxon's own Deployments and hooks"
	database = "the database"
	cache    = "the cache"
	queue    = "the queue"
	registry = "the registry"

	trainingOperator = "the training operator: its chart (trainingjobs; before: tfjob, pytorchjob, mpijob) has no such value"
	uidsOfRuns       = "The uid and gid of runs, builds aside: what the policy gives them anyway."
	uidsOfCore       = "The uid and gid of Polyaxon itself. The store of artifacts must let them write: hostPath, the default, does not."
)

// oldDependencies are those of charts 0.1 to 0.4. Their RabbitMQ spells its key differently, and PostgreSQL 0.8.7 is placed
// by the usual ones.
var oldDependencies = []key{
	both("postgresql", core, database), both("redis", core, cache),
	{"rabbitmq.nodeSelectors", "rabbitmq.tolerations", core, queue}, both("docker-registry", core, registry),
}

var daemon = key{"", "tolerations.resourcesDaemon", everywhere, "the DaemonSet that watches nodes"}

// classicRuns are the roles of runs that charts 0.1 to 0.4 place. Notebooks are placed as experiments.
var classicRuns = []key{
	classic("experiments", v1alpha1.RoleExperiments, "experiments and notebooks"),
	classic("jobs", v1alpha1.RoleJobs, "jobs"), classic("builds", v1alpha1.RoleBuilds, "builds"),
}

// generations are in the order of their versions.
var generations = []generation{
	{from: Version{0, 1, 0}, keys: join([]key{classic("core", core, own), daemon}, classicRuns, oldDependencies)},
	{from: Version{0, 3, 1}, keys: join([]key{classic("core", core, own), daemon}, classicRuns,
		[]key{classic("tensorboards", v1alpha1.RoleTensorboards, "tensorboards")}, oldDependencies)},
	{from: Version{0, 5, 0}, uids: uidsOfRuns, unreached: "runs: their defaults are settings in Polyaxon's own pages since 0.5",
		keys: []key{
			both("", core, own), {"", "resourcesDaemon.tolerations", everywhere, "the DaemonSet that watches nodes"},
			both("postgresql", core, database), both("redis.master", core, cache), both("redis.slave", core, "the cache's replicas"),
			both("rabbitmq-ha", core, queue), both("docker-registry", core, registry),
		}},
	{from: Version{0, 6, 0}, uids: uidsOfRuns, unreached: "runs: their defaults are settings in Polyaxon's own pages since 0.5",
		keys: []key{
			both("", core, own), {"", "resourcesDaemon.tolerations", everywhere, "the DaemonSet that watches nodes"},
			both("postgresql.master", core, database), both("postgresql.slave", core, "the database's replicas"),
			both("redis.master", core, cache), both("redis.slave", core, "the cache's replicas"),
			both("rabbitmq-ha", core, queue), both("docker-registry", core, registry),
		}},
	{from: Version{1, 0, 0}, unreached: trainingOperator, keys: v1Keys},
	{from: Version{1, 14, 1}, unreached: trainingOperator, uids: uidsOfCore, keys: join(v1Keys, []key{cleaner})},
	{from: Version{2, 0, 0}, unreached: trainingOperator, uids: uidsOfCore, keys: []key{
		both("", core, own), both("metrics", core, "metrics"), cleaner,
		both("postgresql.primary", core, database), both("postgresql.readReplicas", core, "the database's replicas"),
		both("redis.master", core, cache), both("redis.replica", core, "the cache's replicas"), both("rabbitmq", core, queue),
	}},
}

var v1Keys = []key{
	both("", core, own), both("metrics", core, "metrics"),
	both("postgresql.master", core, database), both("postgresql.slave", core, "the database's replicas"),
	both("redis.master", core, cache), both("redis.slave", core, "the cache's replicas"), both("rabbitmq-ha", core, queue),
}

// cleaner is a run that would be sent where the agent is.
var cleaner = both("cleaner", v1alpha1.RoleHelpers, "the cleaner, which goes to the nodes of core otherwise")

func join(lists ...[]key) []key {
	var all []key
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}

// generationOf is the one to which a version belongs.
func generationOf(v Version) generation {
	g := generations[0]
	for _, next := range generations {
		if !v.before(next.from) {
			g = next
		}
	}
	return g
}
