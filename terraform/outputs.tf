output "alarm_topic_arn" {
  description = "Topic that alarms are published to."
  value       = module.observability.alarm_topic_arn
}

output "backfill_arn" {
  description = "ARN of the state machine that processes what is in the bucket already, for gallery/backfill.py."
  value       = module.backfill.state_machine_arn
}

output "dashboard_name" {
  description = "Name of the CloudWatch dashboard."
  value       = module.observability.dashboard_name
}

output "dead_letters_url" {
  description = "URL of the dead-letter queue, for `make redrive`."
  value       = module.workflow.dead_letters_url
}

output "derived_bucket" {
  description = "Bucket of the renditions."
  value       = module.derived.name
}

output "executions_url" {
  description = "URL under which a signed request finds an execution's state: <url>/<name of the execution>."
  value       = module.client.executions_url
}

output "function_names" {
  description = "Names of the functions, by step."
  value = {
    extract   = module.extract.name
    tag       = module.tag.name
    thumbnail = module.thumbnail.name
  }
}

output "identity_pool_id" {
  description = "Identity pool where who has signed in gets AWS credentials; its region begins it."
  value       = module.client.identity_pool_id
}

output "logs_bucket" {
  description = "Bucket of access logs, and of what a backfill or a reprocessing came to."
  value       = module.logs.name
}

output "photos_bucket" {
  description = "Bucket that photos are uploaded to, under uploads/<owner>/."
  value       = module.photos.name
}

output "reprocess_arn" {
  description = "ARN of the state machine that makes photos anew, for `make reprocess` and `make reconcile`."
  value       = module.reprocess.state_machine_arn
}

output "repository_urls" {
  description = "Where `make push` pushes the images to, by image."
  value       = module.registry.repository_urls
}

output "site_bucket" {
  description = "Bucket of the page's files, for `make publish`."
  value       = module.site.bucket_name
}

output "site_domain" {
  description = "Where CloudFront answers, which domain_name has to point to."
  value       = module.site.distribution_domain
}

output "site_url" {
  description = "Where the gallery is."
  value       = module.site.origin
}

output "state_machine_arn" {
  description = "ARN of the state machine, for `make redrive` and for clients that follow an execution."
  value       = module.workflow.state_machine_arn
}

output "table" {
  description = "Table of the photos and their labels."
  value       = module.table.name
}

output "user_pool_client_id" {
  description = "Client of the user pool with which a page signs in."
  value       = module.client.user_pool_client_id
}

output "user_pool_id" {
  description = "User pool that photographers sign in to."
  value       = module.client.user_pool_id
}
