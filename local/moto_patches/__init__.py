"""What AWS does and moto does not do, or does otherwise, as far as this project needs it.

Each function in these modules replaces a function of moto, and importing this package installs all
of them. The docstring of each function names AWS's documentation, and the issue in getmoto/moto
where one is known. The patches reach into moto's internals, so moto is pinned to one version.
moto's services exist once in a process, and so does the `Wiring` that connects them to ours.

module           what AWS does                                     what moto does instead
---------------  ------------------------------------------------  ---------------------------------
awslambda        refuses an image that does not start              never starts an image
                 (safety) starts nothing but our functions         starts containers of any image
                 keeps LoggingConfig                               drops it
                 returns an image's command only if it is set      returns an empty one
                 updates every setting and the architecture        ignores five of them
                 refuses to invoke an Inactive function            always invokes
                 reads no NaN in a function's result               does, as Python's parser does
batch            (loads in 0 s: this project does not use Batch)   loads EC2 too, in 0.8 s
cloudfront       has response headers policies                     has none
                 keeps an origin's access control                  drops it
                 returns a cache policy or forwarded values        returns both
                 returns the one certificate that is set           returns all three kinds
cognitoidentity  keeps the roles of an identity pool               does not know them
                 keeps AllowClassicFlow                            drops it
cognitoidp       refuses to delete a protected user pool           deletes it
cognitosignin    checks the password by SRP (moto#7562)            accepts any password
                 revokes refresh tokens                            does not know RevokeToken
                 gives each signed-in user one identity            gives a new one, to any caller
                 gives credentials for an hour, after a sign-in    gives 90 s, to any caller
core             (speed) finds a service's server at once          searches its folder each time
                 (memory) forgets what is deleted                  keeps every object
                 answers the first requests at the same time       may fail on one of them
cors             answers only origins that the owner allows        answers every origin
                 exposes the headers that a bucket's rule names    exposes them to some calls only
                 refuses a preflight request that no rule allows   allows any method and header
                 answers a preflight request without a signature   refuses it for existing objects
distributedmap   accepts whole percentages, and Arguments          its grammar does not
                 lists every page of a bucket                      lists one, fails if it is empty
                 writes a manifest and the children's results      writes an empty manifest
                 uses PascalCase for StartExecution in a task      passes names on unchanged
dynamodb         checks a condition and writes in one step         in two steps, in any thread
                 ends a page at its limit                          only if more rows follow
                 limits the write units of a partition key         has no limit
                 (speed) writes and queries touch few rows         copies and sorts the whole table
                 (speed) answers with the types that a value has   searches for each of the ten
eventbridge      starts state machines as targets (moto#8452)      only for its own notifications
                 transforms the input of every event               only that of PutEvents
                 sends nothing by disabled rules                   sends
                 refuses large events, long types, aws. sources    accepts them
                 keeps undelivered events in a dead-letter queue   loses them
s3               writes atomically                                 reads and writes in two steps
                 dates a multipart upload by its beginning         by its end
                 deletes a key's last delete marker                fails
                 sends one event for each change (moto#7363)       two for multipart uploads; for
                                                                   deletions only the last version's
                 returns the EventBridge configuration             leaves it out
                 takes any Unicode in a key                        finds no path with a line break
                 refuses a key of more than 1,024 bytes            takes it
                 encodes keys in ListObjectVersions if asked       only in its other lists
                 allows log delivery by a bucket policy            fails on lists and Principal *
                 (speed) finds versions by prefix                  copies and searches the bucket
                 (memory) stores any number of objects             keeps 4 MB of each in memory
s3access         applies a statement whose conditions hold         denies if they do not hold
                 returns an object only with its customer key      ignores customer keys
                 refuses customer keys by default                  accepts them
s3checksums      refuses a wrong checksum, of a part too           accepts any
                 refuses a part with another algorithm's checksum  accepts it
                 completes an upload with its parts' checksums     completes it without
sqs              keeps the attributes that a call does not set     drops the policy
                 has RedriveAllowPolicy                            does not know it
stepfunctions    evaluates JSONata (moto#10105)                    raises TypeError
                 refuses definitions with a bad expression         accepts them
                 names an execution, and uses a name once          needs a name, and races
                 refuses inputs over 256 KiB, of compact UTF-8     counts spaces and escapes
                 sends status changes to EventBridge               sends nothing
                 lists the published versions                      does not
                 answers InvalidDefinition                         an error without a code
                 reads definitions as JSON, one by one             mixes escapes and languages
                 ends the branches of a stopped execution          raises in one not yet begun
                 sets variables when a state is left               at once, before Output
                 keeps some errors from wildcards                  lets wildcards match all
                 passes any error of a branch on                   fails on names with States.
                 names errors after the SDK's service              after another name
                 (speed) waits between retries, and in Wait        waits in full, in tests too
                 (tests) runs branches and executions in turns     at the same time
syntax           (Python 3.11: threads share a counter)            builds syntax trees in threads

Some requests do not reach moto, because local/embedded.py answers them:

request          what AWS does                                     what moto does instead
---------------  ------------------------------------------------  ---------------------------------
DetectLabels     labels the photo, or refuses it                   always returns a mobile phone
                 limits the calls a second                         has no limit
Invoke           runs the image of the function                    has no such image
                 refuses an event that is not JSON                 passes it on
                 limits the invocations at once                    has no limit
                 returns the end of the log if asked               that of its own container
GetAccountSettings, ListServiceQuotas, ListAWSDefaultServiceQuotas
                 tells the account's quotas                        knows none of Lambda, Rekognition
ValidateStateMachineDefinition
                 says what is wrong with a definition              does not know this operation
"""

# batch comes before every module that imports moto's Step Functions
from local.moto_patches import (
    awslambda,
    batch,
    cloudfront,
    cognitoidentity,
    core,
    cors,
    distributedmap,
    dynamodb,
    eventbridge,
    s3,
    s3access,
    s3checksums,
    sqs,
    stepfunctions,
    syntax,
)
from local.moto_patches.wiring import Wiring, connected

__all__ = [
    "Wiring",
    "awslambda",
    "batch",
    "cloudfront",
    "cognitoidentity",
    "connected",
    "core",
    "cors",
    "distributedmap",
    "dynamodb",
    "eventbridge",
    "s3",
    "s3access",
    "s3checksums",
    "sqs",
    "stepfunctions",
    "syntax",
]
