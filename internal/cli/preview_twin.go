package cli

import (
	"context"
	"fmt"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/polymoat/polymoat/internal/native"
	"github.com/polymoat/polymoat/internal/preview"
)

// twin prints what the new policy changes in the native twin, where the cluster has one. It cannot see a static twin,
// which is a file of the API servers.
func (v *previewing) twin(ctx context.Context, c *console, current, revised preview.Policies) error {
	there := false
	err := v.Each(ctx, admissionv1.SchemeGroupVersion, "mutatingadmissionpolicies", "", metav1.ListOptions{}, func(o runtime.Object) {
		there = there || o.(metav1.Object).GetAnnotations()[native.HashAnnotation] != ""
	})
	if apierrors.IsNotFound(err) { // before Kubernetes 1.36
		return nil
	}
	if err := c.UnlessForbidden(err, "whether the native twin is installed is not known"); err != nil || !there {
		return err
	}
	if errs := native.Check(docsOf(revised.Files)...); len(errs) > 0 {
		c.Print("Native twin: it cannot be written for the new policy.\n")
		for _, err := range errs {
			c.Print(fmt.Sprintf("  %v\n", err))
		}
		c.Exit(exitDiffer)
		return nil
	}
	list := native.Changes(native.Compile(docsOf(current.Files)...), native.Compile(docsOf(revised.Files)...))
	if len(list) == 0 {
		c.Print("Native twin: nothing changes.\n")
		return nil
	}
	c.Print("Native twin: these of its policies change.\n")
	for _, change := range list {
		c.Print("  " + changeText(change) + "\n")
	}
	c.Print("Once the new policy is in force, install it again:\n  kubectl polymoat native --in-force | kubectl apply -f -\n")
	c.Exit(exitDiffer)
	return nil
}
