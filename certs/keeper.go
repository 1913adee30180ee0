package certs

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/polymoat/polymoat/certs/verify"
	"github.com/polymoat/polymoat/internal/cluster"
)

const (
	// settle is how long a new authority stands in every caBundle before a pair of it is shown: API servers hear of a
	// change by watch, within a second, and each of several on its own.
	settle = 5 * time.Second
	// lookAgain is how often the pair is looked at when nothing happens, retryAfter how soon after a mistake.
	lookAgain, retryAfter = time.Hour, 10 * time.Second
	// passTimeout bounds what one look takes: an API server that does not answer is asked again.
	passTimeout = 30 * time.Second
)

// Keeper keeps the serving pair in a Secret that all replicas share. There is no leader: whoever finds the pair due
// writes a new one, a write to what has changed in between is refused by the API server, and everybody takes what was
// written. Nothing is written to disk, and a new pair is known everywhere within moments, not after a kubelet's minute.
//
// A renewed pair has an authority of its own. No request is refused on the way, because of the order:
//
//  1. The Secret gets the new pair. Everybody goes on showing the old one, which lasts for months.
//  2. The new authority is added to every caBundle. The old one stays there until it expires.
//  3. Five seconds later, everybody shows the new pair.
//
// A Secret that is deleted or emptied is such a renewal, too, and the way to force one.
//
// github.com/open-policy-agent/cert-controller (v0.16.0) does this for others and not for us: it replaces the authority
// in every caBundle at once, while replicas show the old pair until their kubelets have brought the new one, for a
// minute or more in which every review fails.
type Keeper struct {
	name           types.NamespacedName
	dnsNames       []string
	secrets        corev1client.SecretInterface
	informer       cache.SharedIndexInformer
	changed        chan struct{}
	configurations *cluster.Configurations
	log            *slog.Logger

	shown   atomic.Pointer[tls.Certificate] // what is served
	last    *contents                       // what the Secret held last
	trusted time.Time                       // since when all caBundles trust last; zero if they do not
}

// Keep prepares to keep the pair for the names, which may be addresses. kubeconfig is a file, or empty in a pod.
func Keep(kubeconfig string, name types.NamespacedName, dnsNames []string, c *cluster.Configurations, log *slog.Logger) (*Keeper, error) {
	client, err := cluster.Connect(kubeconfig)
	if err != nil {
		return nil, err
	}
	byName := fields.OneTermEqualSelector("metadata.name", name.Name)
	lw := cache.NewListWatchFromClient(client.CoreV1().RESTClient(), "secrets", name.Namespace, byName)
	k := &Keeper{
		name: name, dnsNames: dnsNames, configurations: c, log: log.With("secret", name.String()),
		secrets:  client.CoreV1().Secrets(name.Namespace),
		informer: cache.NewSharedIndexInformer(lw, &corev1.Secret{}, 0, cache.Indexers{}),
		changed:  make(chan struct{}, 1),
	}
	if _, err := k.informer.AddEventHandler(cluster.Signal(k.changed)); err != nil {
		return nil, fmt.Errorf("watch Secret %s: %w", name, err)
	}
	return k, nil
}

// GetCertificate is the pair that is served now.
func (k *Keeper) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if pair := k.shown.Load(); pair != nil {
		return pair, nil
	}
	return nil, fmt.Errorf("there is no serving certificate yet: Secret %s was not read", k.name)
}

// Start keeps the pair until the context is done.
func (k *Keeper) Start(ctx context.Context) error {
	go k.informer.RunWithContext(ctx)
	if !cache.WaitForCacheSync(ctx.Done(), k.informer.HasSynced) {
		return nil
	}
	for {
		wait, err := k.pass(ctx, time.Now())
		if err != nil {
			k.log.Error("the serving certificate is not kept", "error", err)
			wait = retryAfter
		}
		select {
		case <-ctx.Done():
			return nil
		case <-k.changed:
		case <-k.configurations.Changed():
		case <-time.After(wait):
		}
	}
}

// pass does what is due, and says when to look again if nothing happens before.
func (k *Keeper) pass(ctx context.Context, now time.Time) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, passTimeout)
	defer cancel()
	secret, err := k.secret()
	if err != nil {
		return 0, err
	}
	held := readSecret(secret)
	if why := held.due(k.dnsNames, now); why != "" {
		return lookAgain, k.renew(ctx, secret, why, now)
	}
	if !held.same(k.last) {
		k.last, k.trusted = held, time.Time{}
	}
	trusted, err := k.spread(ctx, now)
	switch {
	case !trusted:
		k.trusted = time.Time{}
	case k.trusted.IsZero():
		k.trusted = now
	}
	return k.show(now), err
}

// secret is a copy of the Secret; nil where there is none.
func (k *Keeper) secret() (*corev1.Secret, error) {
	found, ok, err := k.informer.GetStore().GetByKey(k.name.String())
	if err != nil || !ok {
		return nil, err
	}
	return found.(*corev1.Secret).DeepCopy(), nil
}

// renew writes a new pair. Whoever comes second takes what the first one wrote.
func (k *Keeper) renew(ctx context.Context, secret *corev1.Secret, why string, now time.Time) error {
	before := readSecret(secret)
	if before.pair == nil && k.last != nil {
		before = k.last // the Secret is gone, and what it held is still served
	}
	fresh, err := before.renewed(k.dnsNames, now)
	if err != nil {
		return err
	}
	if secret == nil {
		secret = &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: k.name.Name, Namespace: k.name.Namespace, Labels: map[string]string{"app.kubernetes.io/name": "polymoat"}},
			Type:       corev1.SecretTypeTLS,
		}
		fresh.writeTo(secret)
		_, err = k.secrets.Create(ctx, secret, metav1.CreateOptions{})
	} else {
		fresh.writeTo(secret)
		_, err = k.secrets.Update(ctx, secret, metav1.UpdateOptions{})
	}
	if apierrors.IsAlreadyExists(err) || apierrors.IsConflict(err) {
		return nil
	}
	if apierrors.IsForbidden(err) && secret.ResourceVersion == "" {
		return fmt.Errorf("the Secret %s is missing, and polymoat may only fill the one that is shipped; put it back: kubectl -n %s create secret generic %s",
			k.name, k.name.Namespace, k.name.Name)
	}
	if err != nil {
		return fmt.Errorf("write Secret %s: %w", k.name, err)
	}
	k.log.Info("made a serving certificate", "why", why)
	return nil
}

// show serves the pair once API servers trust it; at once if nothing that is valid is served. It says when to look again.
func (k *Keeper) show(now time.Time) time.Duration {
	if k.last.pair == k.shown.Load() {
		return lookAgain
	}
	if leaf, err := verify.Leaf(k.shown.Load()); err == nil && now.Before(leaf.NotAfter) {
		if k.trusted.IsZero() {
			return lookAgain
		}
		if left := k.trusted.Add(settle).Sub(now); left > 0 {
			return left
		}
	}
	k.shown.Store(k.last.pair)
	k.log.Info("serving another certificate", "notAfter", k.last.pair.Leaf.NotAfter.UTC().Format(time.RFC3339))
	return lookAgain
}
