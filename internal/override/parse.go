package override

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	kjson "sigs.k8s.io/json"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// parseID reads a user or group as it is printed: "0", "1000".
func parseID(value string) (int64, error) {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != value || n < 0 || n > math.MaxInt32 {
		return 0, fmt.Errorf("is not a whole number from 0 to %d without sign, blanks and leading zeros", math.MaxInt32)
	}
	return n, nil
}

// parseNodeSelector reads a JSON object of label values.
func parseNodeSelector(value string) (map[string]string, error) {
	selector, err := decode[map[string]string](value, `a JSON object of strings like {"disk":"ssd"}`)
	if err != nil {
		return nil, err
	}
	if len(selector) == 0 {
		return nil, errors.New("asks for nothing; remove it")
	}
	return selector, first(v1alpha1.ValidateLabels(selector, nil))
}

// parseTolerations reads a JSON list of tolerations as they stand in a pod. A toleration without a key tolerates
// everything, and is not asked for this way.
func parseTolerations(value string) ([]corev1.Toleration, error) {
	tolerations, err := decode[[]corev1.Toleration](value, `a JSON list of tolerations like [{"key":"spot","operator":"Exists"}]`)
	if err != nil {
		return nil, err
	}
	if len(tolerations) == 0 {
		return nil, errors.New("asks for nothing; remove it")
	}
	for i := range tolerations {
		path := (*field.Path)(nil).Index(i)
		if tolerations[i].Key == "" {
			return nil, fmt.Errorf("%s: is missing; write the taint's key", path.Child("key"))
		}
		if err := first(v1alpha1.ValidateToleration(&tolerations[i], path)); err != nil {
			return nil, err
		}
	}
	return tolerations, nil
}

// first is the first mistake by field, as a sentence.
func first(errs field.ErrorList) error {
	if len(errs) == 0 {
		return nil
	}
	e := slices.MinFunc(errs, func(a, b *field.Error) int { return strings.Compare(a.Field, b.Field) })
	return fmt.Errorf("%s: %s", e.Field, v1alpha1.Sentence(e))
}

// decode reads JSON of one type and nothing beside it: no field that is unknown, double, null or empty. What is read
// prints as what was written.
func decode[T any](value, want string) (T, error) {
	var v T
	strict, err := kjson.UnmarshalStrict([]byte(value), &v)
	switch {
	case err != nil:
		return v, fmt.Errorf("is not %s", want)
	case len(strict) > 0:
		return v, fmt.Errorf("has the %w; write %s", strict[0], want)
	}
	printed, err := json.Marshal(v)
	if err != nil || !sameJSON([]byte(value), printed) {
		return v, errors.New("has a field that is null or empty; leave it out")
	}
	return v, nil
}

// sameJSON compares two texts by what they say. Numbers are compared as they are written.
func sameJSON(a, b []byte) bool {
	var values [2]any
	for i, text := range [][]byte{a, b} {
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		if d.Decode(&values[i]) != nil {
			return false
		}
	}
	return reflect.DeepEqual(values[0], values[1])
}

// printSelector writes a selector as kubectl takes it: "disk=ssd,zone=a".
func printSelector(selector map[string]string) string {
	var pairs []string
	for _, key := range slices.Sorted(maps.Keys(selector)) {
		pairs = append(pairs, key+"="+selector[key])
	}
	return strings.Join(pairs, ",")
}

// printToleration writes a toleration like a taint: "spot=true:NoSchedule".
func printToleration(t *corev1.Toleration) string {
	taint := corev1.Taint{Key: t.Key, Value: t.Value, Effect: t.Effect}
	return taint.ToString()
}
