package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilcache "k8s.io/apimachinery/pkg/util/cache"
	authorizationclient "k8s.io/client-go/kubernetes/typed/authorization/v1"
)

// rbac answers reviews, and notes what it was asked.
type rbac struct {
	authorizationclient.SubjectAccessReviewInterface
	status authorizationv1.SubjectAccessReviewStatus
	err    error
	asked  []authorizationv1.SubjectAccessReviewSpec
	left   time.Duration // until the deadline of the last question
}

func (r *rbac) Create(ctx context.Context, review *authorizationv1.SubjectAccessReview, _ metav1.CreateOptions) (*authorizationv1.SubjectAccessReview, error) {
	deadline, _ := ctx.Deadline()
	r.asked, r.left = append(r.asked, review.Spec), time.Until(deadline)
	return &authorizationv1.SubjectAccessReview{Status: r.status}, r.err
}

// clock stands still until it is moved.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func TestMayUseCore(t *testing.T) {
	r := &rbac{}
	user := authenticationv1.UserInfo{
		Username: "jane", UID: "7", Groups: []string{"sre"}, Extra: map[string]authenticationv1.ExtraValue{"scopes": {"all"}},
	}
	if may, err := newAccess(r).MayUseCore(t.Context(), user); may || err != nil {
		t.Errorf("got %v, %v", may, err)
	}
	want := []authorizationv1.SubjectAccessReviewSpec{{
		User: "jane", UID: "7", Groups: []string{"sre"}, Extra: map[string]authorizationv1.ExtraValue{"scopes": {"all"}},
		ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: "use", Group: "polymoat.io", Resource: "roles", Name: "core"},
	}}
	if diff := cmp.Diff(want, r.asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	if r.left <= 0 || r.left > 2*time.Second {
		t.Errorf("the question may take %s", r.left)
	}
}

// TestAnswersAreKept for a while, yes longer than no; a question without an answer is asked again.
func TestAnswersAreKept(t *testing.T) {
	long := strings.Repeat("g", longestKey)
	for name, tc := range map[string]struct {
		status authorizationv1.SubjectAccessReviewStatus
		err    error
		group  string
		after  time.Duration
		may    bool
		want   int
	}{
		"yes":                       {status: authorizationv1.SubjectAccessReviewStatus{Allowed: true}, after: 59 * time.Second, may: true, want: 1},
		"yes, after a minute":       {status: authorizationv1.SubjectAccessReviewStatus{Allowed: true}, after: 61 * time.Second, may: true, want: 2},
		"no":                        {after: 9 * time.Second, want: 1},
		"no, after ten seconds":     {after: 11 * time.Second, want: 2},
		"yes and no":                {status: authorizationv1.SubjectAccessReviewStatus{Allowed: true, Denied: true}, want: 1},
		"silence":                   {status: authorizationv1.SubjectAccessReviewStatus{Allowed: true}, err: errors.New("timeout"), want: 2},
		"a user of very many words": {group: long, want: 2},
	} {
		t.Run(name, func(t *testing.T) {
			r, c := &rbac{status: tc.status, err: tc.err}, &clock{time.Unix(0, 0)}
			a := &Access{r, utilcache.NewLRUExpireCacheWithClock(mostAnswers, c)}
			for range 2 {
				may, err := a.MayUseCore(t.Context(), authenticationv1.UserInfo{Username: "jane", Groups: []string{tc.group}})
				if may != tc.may || (err != nil) != (tc.err != nil) {
					t.Errorf("got %v, %v", may, err)
				}
				c.now = c.now.Add(tc.after)
			}
			if len(r.asked) != tc.want {
				t.Errorf("asked %d times, want %d", len(r.asked), tc.want)
			}
		})
	}
}

// TestAnswersAreBounded: whoever asks in many names does not fill the memory.
func TestAnswersAreBounded(t *testing.T) {
	a := newAccess(&rbac{})
	for i := range 2 * mostAnswers {
		if _, err := a.MayUseCore(t.Context(), authenticationv1.UserInfo{Username: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(a.answers.Keys()); got > mostAnswers {
		t.Errorf("%d answers are kept", got)
	}
}
