package manifest

import (
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/polyaxonfile"
	"github.com/polymoat/polymoat/internal/template"
)

// polyaxonPods are the pods of a component or operation file of Polyaxon, named as the file names their fields.
func polyaxonPods(o Object) ([]Pod, []error) {
	runs, err := polyaxonfile.Runs(o.Raw)
	if err != nil {
		return nil, []error{o.Errorf("%w", err)}
	}
	var pods []Pod
	var errs []error
	for _, run := range runs {
		found, err := template.Of(run.Operation)
		if err != nil {
			return nil, []error{o.Errorf("%w", err)}
		}
		for _, t := range found {
			r := run.ReplicaAt(t.At)
			pod := Pod{
				Object: o, Path: r.At, Raw: t.Raw, Creator: t.Creator, Pod: new(corev1.Pod),
				Names: strings.NewReplacer(r.Names...), Unknown: run.Unknown,
			}
			if fault := template.Decode(t.Raw, pod.Pod); fault != nil {
				path := pod.Names.Replace(template.Path(fault.At))
				errs = append(errs, fmt.Errorf("%s: %s %s", o.placeOf(steps(path)), path, fault.Detail))
				continue
			}
			pods = append(pods, pod)
		}
	}
	return pods, errs
}

// steps are those of a path without keys that hold dots: "run.init[0].container".
func steps(path string) []any {
	var all []any
	for part := range strings.SplitSeq(path, ".") {
		name, index, listed := strings.Cut(strings.TrimSuffix(part, "]"), "[")
		all = append(all, name)
		if n, err := strconv.Atoi(index); listed && err == nil {
			all = append(all, n)
		}
	}
	return all
}
