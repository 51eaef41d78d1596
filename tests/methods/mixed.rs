//! Attribute, method, guard and scope inside each other keep the order of P6.

use finally::{FinallyExt, Guard, Scope, finally, guard};

use crate::support::{
    ENDS, End, Error, Log, exclusive,
    outcome::{cancel_after, observe},
    steps, suspend,
};

#[finally(steps(log.clone(), "attribute", 1))]
async fn attribute(log: Log, end: End) -> Result<(), Error> {
    let scope_log = log.clone();
    let mut scope = Scope::<Error>::new();
    scope.defer(move || steps(scope_log, "scope", 1));
    let in_method = log.clone();
    async {
        let guarded = log.clone();
        let value = guard((), move |()| steps(guarded, "guard", 1));
        suspend().await;
        suspend().await;
        end.reach("body")?;
        Guard::release(value).await;
        Ok(())
    }
    .finally(move || steps(in_method, "method", 1))
    .await?;
    scope.close().await
}

const WHOLE: [&str; 8] =
    ["guard 0", "guard 1", "method 0", "method 1", "scope 0", "scope 1", "attribute 0", "attribute 1"];

on_every_runtime! {
    p6_they_run_from_the_innermost_to_the_outermost_on_every_fate(runtime) {
        let _turn = exclusive();
        for end in ENDS {
            let log = Log::default();
            runtime.run(observe(attribute(log.clone(), end)));
            assert_eq!(log.events(), WHOLE, "{end:?}");
        }
    }

    p6_they_run_from_the_innermost_to_the_outermost_wherever_they_are_cancelled(runtime) {
        let _turn = exclusive();
        for pendings in 1..=5 {
            let log = Log::default();
            runtime.run(cancel_after(pendings, attribute(log.clone(), End::Succeeds)));
            let events = log.events();
            assert_eq!(events.len(), WHOLE.len(), "{events:?} after {pendings} pendings");
            let at = |event: &str| events.iter().position(|it| it == event).unwrap();
            // The scope and the method are siblings: neither is nested in the other.
            for (inner, outer) in [("guard", "method"), ("method", "attribute"), ("scope", "attribute")] {
                let ends_before = at(&format!("{inner} 1")) < at(&format!("{outer} 0"));
                assert!(ends_before, "{inner} before {outer}: {events:?} after {pendings} pendings");
            }
        }
    }
}
