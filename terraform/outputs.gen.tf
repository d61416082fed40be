# Made by `make docs` from modules/gallery/outputs.tf; do not edit.

output "adopted_bucket_policy" {
  description = "Statements that the owner of the adopted bucket has to add to its bucket policy, if that is another account. null: no bucket of another account is adopted."
  value       = module.gallery.adopted_bucket_policy
}

output "alarm_topic_arn" {
  description = "ARN of the SNS topic that alarms are published to. null: alarms are off."
  value       = module.gallery.alarm_topic_arn
}

output "api_arn" {
  description = "ARN with which policies name the API: execute-api, without stage and method. null: client is off."
  value       = module.gallery.api_arn
}

output "backfill_arn" {
  description = "ARN of the state machine that processes photos already in the bucket, for `make backfill`."
  value       = module.gallery.backfill_arn
}

output "bucket_arns" {
  description = "ARNs of the buckets, by what they contain."
  value       = module.gallery.bucket_arns
}

output "client_role_arn" {
  description = "ARN of the role of signed-in users. null: client is off."
  value       = module.gallery.client_role_arn
}

output "dashboard_name" {
  description = "Name of the CloudWatch dashboard."
  value       = module.gallery.dashboard_name
}

output "dead_letters_arn" {
  description = "ARN of the dead-letter queue."
  value       = module.gallery.dead_letters_arn
}

output "dead_letters_url" {
  description = "URL of the dead-letter queue, for `make redrive`."
  value       = module.gallery.dead_letters_url
}

output "derived_bucket" {
  description = "Name of the bucket for renditions."
  value       = module.gallery.derived_bucket
}

output "event_source" {
  description = "Source of the events about photos on the default event bus; null if they are off."
  value       = module.gallery.event_source
}

output "edit_arn" {
  description = "ARN of the Express state machine that makes edits."
  value       = module.gallery.edit_arn
}

output "executions_url" {
  description = "URL for signed requests for the state of an execution: <url>/<name of the execution>. null: client is off."
  value       = module.gallery.executions_url
}

output "function_arns" {
  description = "ARNs of the functions, by step."
  value       = module.gallery.function_arns
}

output "function_names" {
  description = "Names of the functions, by step."
  value       = module.gallery.function_names
}

output "identity_pool_id" {
  description = "ID of the identity pool that issues AWS credentials to signed-in users. It begins with the region. null: client is off."
  value       = module.gallery.identity_pool_id
}

output "images_parameter" {
  description = "Name of the SSM parameter with the pushed images, for `make push`."
  value       = module.gallery.images_parameter
}

output "key_layout" {
  description = "Layout of the keys in the adopted bucket, for the commands: prefix, and owner if all photos have the same. null: uploads/<owner>/… in the gallery's own bucket."
  value       = module.gallery.key_layout
}

output "logs_bucket" {
  description = "Name of the bucket for access logs, and for the results of backfills and reprocessings."
  value       = module.gallery.logs_bucket
}

output "photos_bucket" {
  description = "Name of the bucket for photos: the adopted one, or the gallery's own. Upload into that under uploads/<owner>/."
  value       = module.gallery.photos_bucket
}

output "repository_urls" {
  description = "URLs of the ECR repositories, by image, for `make push`."
  value       = module.gallery.repository_urls
}

output "reprocess_arn" {
  description = "ARN of the state machine that reprocesses photos, for `make reprocess` and `make reconcile`."
  value       = module.gallery.reprocess_arn
}

output "shares_bucket" {
  description = "Name of the bucket for shared photos. null: shares are off."
  value       = module.gallery.shares_bucket
}

output "shares_domain" {
  description = "Domain of the CloudFront distribution of shared photos. Create a DNS record from shares_domain_name to it. null: shares are off."
  value       = module.gallery.shares_domain
}

output "shares_url" {
  description = "URL of shared photos. null: shares are off."
  value       = module.gallery.shares_url
}

output "site_bucket" {
  description = "Name of the bucket for the files of the gallery's page, for `make publish`. null: site is off."
  value       = module.gallery.site_bucket
}

output "site_domain" {
  description = "Domain of the CloudFront distribution. Create a DNS record from domain_name to it. null: site is off."
  value       = module.gallery.site_domain
}

output "site_url" {
  description = "URL of the gallery. null: site is off."
  value       = module.gallery.site_url
}

output "state_machine_arn" {
  description = "ARN of the state machine, for `make redrive` and for clients that monitor an execution."
  value       = module.gallery.state_machine_arn
}

output "table" {
  description = "Name of the DynamoDB table of photos, labels and albums."
  value       = module.gallery.table
}

output "table_arn" {
  description = "ARN of the DynamoDB table."
  value       = module.gallery.table_arn
}

output "user_pool_arn" {
  description = "ARN of the user pool. null: client is off."
  value       = module.gallery.user_pool_arn
}

output "user_pool_client_id" {
  description = "ID of the user pool client that the gallery's page signs in with. null: client is off."
  value       = module.gallery.user_pool_client_id
}

output "user_pool_id" {
  description = "ID of the user pool that users sign in to. null: client is off."
  value       = module.gallery.user_pool_id
}
