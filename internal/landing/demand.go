package landing

import (
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// firstName is the name of a witness that may have any.
const firstName = "witness"

// demand is what a pod asks of one label of a node, or of its name: all of it must hold. It serves to pick a value, not
// to judge one: what is left out here (DoesNotExist, for one) either leaves nothing to pick, or is refused afterwards.
type demand struct {
	present   bool            // the label must be there
	in        []string        // one of these, with restrict
	restrict  bool            // in counts, even when it is empty
	notIn     map[string]bool // none of these
	low, high int64           // a number from low to high, both inclusive, with numeric
	numeric   bool            // low and high count
}

// newDemand asks for nothing. Label values cannot begin with a sign, so that no number is below 0.
func newDemand() *demand { return &demand{low: 0, high: math.MaxInt64} }

// add takes one more requirement.
func (d *demand) add(r *corev1.NodeSelectorRequirement) {
	switch r.Operator {
	case corev1.NodeSelectorOpIn:
		d.oneOf(r.Values)
	case corev1.NodeSelectorOpNotIn:
		d.noneOf(r.Values)
	case corev1.NodeSelectorOpExists:
		d.present = true
	case corev1.NodeSelectorOpDoesNotExist:
		// Asks for what is so anyway, unless another requirement asks for the label, which no node meets.
	case corev1.NodeSelectorOpGt:
		if n, ok := d.bound(r.Values); ok && n < math.MaxInt64 { // nothing is greater than that: any pick is refused
			d.low = max(d.low, n+1)
		}
	case corev1.NodeSelectorOpLt:
		if n, ok := d.bound(r.Values); ok && n > math.MinInt64 {
			d.high = min(d.high, n-1)
		}
	}
}

// oneOf keeps the values that were possible before. Walking the new values, not the old, keeps the sum of all calls
// linear even when a list repeats one value: what is left is never longer than the last list.
func (d *demand) oneOf(values []string) {
	d.present = true
	if !d.restrict {
		d.restrict, d.in = true, values
		return
	}
	before := setOf(d.in)
	d.in = nil
	for _, value := range values {
		if before[value] {
			d.in = append(d.in, value)
		}
	}
}

func (d *demand) noneOf(values []string) {
	if d.notIn == nil {
		d.notIn = make(map[string]bool, len(values))
	}
	for _, value := range values {
		d.notIn[value] = true
	}
}

// bound reads the value of Gt or Lt; false when there is none, which makes the term malformed.
func (d *demand) bound(values []string) (int64, bool) {
	d.present, d.numeric = true, true
	if len(values) != 1 {
		return 0, false
	}
	n, err := strconv.ParseInt(values[0], 10, 64)
	return n, err == nil
}

// pick returns the first value that meets the demand: one of those asked for, or one of free when any will do.
// Every value of free that is passed over is one of notIn, so that it ends after as many steps as there are of those.
func (d *demand) pick(free iter.Seq[string]) (string, bool) {
	if d.restrict {
		free = slices.Values(d.in)
	}
	for value := range free {
		if !d.notIn[value] && (!d.numeric || d.within(value)) {
			return value, true
		}
	}
	return "", false
}

func (d *demand) within(value string) bool {
	n, err := strconv.ParseInt(value, 10, 64)
	return err == nil && d.low <= n && n <= d.high
}

// labelValues are valid label values that are numbers from low to high: all of them, in as many spellings as fit into a
// label. Leading zeros matter: `Gt 4, Lt 6, NotIn ["5"]` is met by "05", a different value and the same number.
func labelValues(low, high int64) iter.Seq[string] {
	return func(yield func(string) bool) {
		if low > high {
			return
		}
		for zeros := range validation.LabelValueMaxLength {
			for n := low; ; n++ {
				value := strings.Repeat("0", zeros) + strconv.FormatInt(n, 10)
				if len(value) <= validation.LabelValueMaxLength && !yield(value) {
					return
				}
				if n == high { // not in the loop's head: n++ would overflow at the largest number
					break
				}
			}
		}
	}
}

// nodeNames are valid node names without end: "witness", "witness-1", "witness-2".
func nodeNames(yield func(string) bool) {
	for n := 0; ; n++ {
		name := firstName
		if n > 0 {
			name += "-" + strconv.Itoa(n)
		}
		if !yield(name) {
			return
		}
	}
}

func setOf(values []string) map[string]bool {
	set := make(map[string]bool, len(values))
	for _, value := range values {
		set[value] = true
	}
	return set
}
