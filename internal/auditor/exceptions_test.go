package auditor

import (
	"bytes"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

func TestExceptionsAreReported(t *testing.T) {
	doc := v1alpha1.Default()
	doc.Spec.Exceptions = []v1alpha1.Exception{{Name: "old-images", Owner: "jane", Expires: "2027-01-31"}}
	var logged bytes.Buffer
	log := slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	for _, day := range []int{23, 31} {
		warnOfExceptions([]v1alpha1.File{{Policy: doc}}, v1alpha1.DayOf(time.Date(2027, 1, day, 0, 0, 0, 0, time.UTC)), log)
	}
	want := `level=WARN msg="exception \"old-images\" ends today, on 2027-01-31; ask jane whether it is still needed" policy=polyaxon` + "\n"
	if diff := cmp.Diff(want, logged.String()); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}
