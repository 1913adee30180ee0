package certs

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/polymoat/polymoat/internal/cluster"
)

// spread adds the authority to every caBundle that lacks it, and says whether all have it.
func (k *Keeper) spread(ctx context.Context, now time.Time) (bool, error) {
	trusted := true
	for _, c := range k.configurations.List() {
		switch c.State {
		case cluster.Unlisted:
			return false, nil
		case cluster.Forbidden:
			return true, fmt.Errorf("RBAC forbids to watch %s %q: allow to get, list, watch and patch it, or write %s of the Secret into its caBundle by hand", c.Kind, c.Name, caName)
		case cluster.Missing, cluster.Present:
			for _, w := range c.Webhooks {
				trusted = trusted && trusts(w.ClientConfig.CABundle, k.last.ca)
			}
		}
	}
	if trusted {
		return true, nil
	}
	err := k.configurations.SetCABundles(ctx, func(present []byte) []byte { return merge(k.last.ca, present, now) })
	if allConflicts(err) {
		return false, nil
	}
	return false, err
}

// allConflicts says whether others were faster, and no more: what they wrote is about to be heard of.
func allConflicts(err error) bool {
	if joined, ok := errors.AsType[interface {
		error
		Unwrap() []error
	}](err); ok {
		for _, err := range joined.Unwrap() {
			if !apierrors.IsConflict(err) {
				return false
			}
		}
	}
	return true
}
