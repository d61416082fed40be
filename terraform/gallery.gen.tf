# Made by `make docs` from modules/gallery/variables.tf; do not edit.

module "gallery" {
  source = "./modules/gallery"

  account_id               = data.aws_caller_identity.current.account_id
  adopted_bucket           = var.adopted_bucket
  alarm_email              = var.alarm_email
  alarms                   = var.alarms
  api_access_logs          = var.api_access_logs
  architecture             = var.architecture
  budget                   = var.budget
  certificate_arn          = var.certificate_arn
  client                   = var.client
  cors_origins             = var.cors_origins
  delete_for_good          = var.delete_for_good
  domain_name              = var.domain_name
  events                   = var.events
  images                   = var.images
  keep_copyright           = var.keep_copyright
  keep_photos              = var.keep_photos
  kms_key_arn              = var.kms_key_arn
  labeler                  = var.labeler
  log_retention_days       = var.log_retention_days
  logs_kms_key_arn         = var.logs_kms_key_arn
  logs_transition_days     = var.logs_transition_days
  map_tiles_attribution    = var.map_tiles_attribution
  map_tiles_url            = var.map_tiles_url
  max_labels               = var.max_labels
  memory_mb                = var.memory_mb
  min_confidence           = var.min_confidence
  name                     = var.name
  noncurrent_version_days  = var.noncurrent_version_days
  permissions_boundary_arn = var.permissions_boundary_arn
  photos_transition_days   = var.photos_transition_days
  price_class              = var.price_class
  queue_kms_key_arn        = var.queue_kms_key_arn
  region                   = data.aws_region.current.id
  rekognition_regions      = var.rekognition_regions
  renditions               = var.renditions
  role_path                = var.role_path
  self_sign_up             = var.self_sign_up
  shares                   = var.shares
  shares_domain_name       = var.shares_domain_name
  site                     = var.site
  table_name               = var.table_name
  tags                     = {} # the provider's default_tags have them
  timeout_seconds          = var.timeout_seconds
  topic_kms_key_arn        = var.topic_kms_key_arn
}
