package polyaxonfile

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// kind is how Polyaxon makes pods of runs of one kind.
type kind struct {
	section   string // of an Operation: "batchJobSpec"
	component string // label app.kubernetes.io/component
	main      string // name of the main container
	alone     bool   // the run itself is the only replica
}

// kinds are those of run.kind.
var kinds = map[string]kind{
	"job":         {"batchJobSpec", "polyaxon-jobs", "polyaxon-main", true},
	"service":     {"serviceSpec", "polyaxon-services", "polyaxon-main", true},
	"notifier":    {"batchJobSpec", "polyaxon-notifiers", "polyaxon-main", true},
	"tuner":       {"batchJobSpec", "polyaxon-tuners", "polyaxon-main", true},
	"cleaner":     {"batchJobSpec", "polyaxon-cleaners", "polyaxon-main", true},
	"tfjob":       {"tfJobSpec", "polyaxon-tfjobs", "tensorflow", false},
	"pytorchjob":  {"pytorchJobSpec", "polyaxon-pytorch-jobs", "pytorch", false},
	"mpijob":      {"mpiJobSpec", "polyaxon-mpi-jobs", "polyaxon-main", false},
	"mxjob":       {"mxJobSpec", "polyaxon-mxjobs", "mxnet", false},
	"xgbjob":      {"xgboostJobSpec", "polyaxon-xgbjobs", "xgboost", false},
	"paddlejob":   {"paddleJobSpec", "polyaxon-paddle-jobs", "paddle", false},
	"daskjob":     {"daskJobSpec", "polyaxon-dask-jobs", "polyaxon-main", false},
	"daskcluster": {"daskClusterSpec", "polyaxon-dask-clusters", "polyaxon-main", false},
	"rayjob":      {"rayJobSpec", "polyaxon-ray-jobs", "polyaxon-main", false},
	"raycluster":  {"rayClusterSpec", "polyaxon-ray-clusters", "polyaxon-main", false},
}

func known() string {
	return `"` + strings.Join(slices.Sorted(maps.Keys(kinds)), `", "`) + `", "dag"`
}

// Replica is a part of a run that becomes pods of one form.
type Replica struct {
	// At is its place in the file: "run", "component.run.worker".
	At string
	// Names are the fields of its pods and what the file calls them, pair by pair, for a strings.Replacer.
	Names []string

	name string
	raw  map[string]any
}

// replicas are the parts of a run with a container. Those of the kinds of Ray may stand in a list.
func (k kind) replicas(run map[string]any, at string) []Replica {
	if k.alone {
		if mapping(run, "container") == nil {
			return nil
		}
		return []Replica{{At: at, raw: run}}
	}
	var all []Replica
	for _, name := range slices.Sorted(maps.Keys(run)) {
		if name == "" {
			continue
		}
		if r := mapping(run, name); mapping(r, "container") != nil {
			all = append(all, Replica{At: join(at, name), name: name, raw: r})
		}
		for i, r := range items(run, name) {
			if mapping(r, "container") != nil {
				all = append(all, Replica{At: fmt.Sprintf("%s[%d]", join(at, name), i), name: fmt.Sprintf("%s-%d", name, i), raw: r})
			}
		}
	}
	return all
}
