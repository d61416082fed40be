mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }

  mock_data "aws_region" {
    defaults = { id = "eu-west-1" }
  }
}

variables {
  account_id = "123456789012"
  region     = "eu-west-1"

  images = {
    extract = {
      digest       = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
      architecture = "arm64"
    }
    thumbnail = {
      digest       = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
      architecture = "arm64"
    }
    tag = {
      digest       = "sha256:3333333333333333333333333333333333333333333333333333333333333333"
      architecture = "arm64"
      label_model  = false
    }
  }
}

run "refuses_to_deploy_without_images" {
  command = plan

  plan_options { target = [terraform_data.images] }

  variables { images = null }

  expect_failures = [terraform_data.images]
}

run "refuses_images_for_another_architecture" {
  command = plan

  plan_options { target = [terraform_data.images] }

  variables { architecture = "x86_64" }

  expect_failures = [terraform_data.images]
}

run "refuses_the_embedded_labeler_without_a_label_model" {
  command = plan

  plan_options { target = [terraform_data.images] }

  variables { labeler = "embedded" }

  expect_failures = [terraform_data.images]
}

run "refuses_a_region_without_rekognition" {
  command = plan

  plan_options { target = [terraform_data.images] }

  variables { region = "eu-north-1" }

  expect_failures = [terraform_data.images]
}

run "accepts_a_region_without_rekognition_with_the_embedded_labeler" {
  command = plan

  plan_options { target = [terraform_data.images] }

  variables {
    region  = "eu-north-1"
    labeler = "embedded"
    images = {
      extract = {
        digest       = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
        architecture = "arm64"
      }
      thumbnail = {
        digest       = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
        architecture = "arm64"
      }
      tag = {
        digest       = "sha256:3333333333333333333333333333333333333333333333333333333333333333"
        architecture = "arm64"
        label_model  = true
      }
    }
  }
}

run "accepts_a_region_that_rekognition_has_reached_since" {
  command = plan

  plan_options { target = [terraform_data.images] }

  variables {
    region              = "eu-north-1"
    rekognition_regions = ["eu-north-1"]
  }
}

# One plan sets several invalid values; each of them must be refused.
run "refuses_invalid_values" {
  command = plan

  variables {
    architecture = "amd64"
    kms_key_arn  = "arn:aws:kms:eu-west-1:123456789012:alias/photos"
    labeler      = "imagenet"
    name         = "a-gallery-of-all-tacos" # too long for a bucket
    images = {
      extract   = { digest = "latest", architecture = "amd64" }
      thumbnail = { digest = "latest", architecture = "amd64" }
      tag       = { digest = "latest", architecture = "amd64", label_model = false }
    }
  }

  expect_failures = [var.architecture, var.images, var.kms_key_arn, var.labeler, var.name]
}

run "refuses_numbers_out_of_range" {
  command = plan

  variables {
    log_retention_days      = 31
    max_labels              = 51
    memory_mb               = { thumbnail = 1768 } # too little for an AVIF
    min_confidence          = 101
    noncurrent_version_days = 0
  }

  expect_failures = [
    var.log_retention_days,
    var.max_labels,
    var.memory_mb,
    var.min_confidence,
    var.noncurrent_version_days,
  ]
}

run "refuses_settings_of_what_is_off_and_transitions_that_s3_refuses" {
  command = plan

  plan_options { target = [module.client, module.logs, module.observability, module.photos] }

  variables {
    alarm_email            = "photos@example.com"
    alarms                 = false
    api_access_logs        = true
    client                 = false
    log_retention_days     = 90
    logs_transition_days   = { STANDARD_IA = 60, INTELLIGENT_TIERING = 30 } # back
    photos_transition_days = { STANDARD_IA = 30, GLACIER_IR = 59 }          # too soon
    self_sign_up           = true
    site                   = false
  }

  expect_failures = [
    var.alarms,
    var.api_access_logs,
    var.logs_transition_days,
    var.photos_transition_days,
    var.self_sign_up,
  ]
}

run "refuses_a_domain_of_shares_that_are_off" {
  command = plan

  plan_options { target = [module.shares] }

  variables {
    certificate_arn    = "arn:aws:acm:us-east-1:123456789012:certificate/1234abcd-12ab-34cd-56ef-1234567890ab"
    domain_name        = "photos.example.com"
    self_sign_up       = true
    shares_domain_name = "shared.example.com"
  }

  expect_failures = [var.shares_domain_name]
}

run "refuses_a_wildcard_origin" {
  command = plan

  plan_options { target = [module.photos[0]] }

  variables { cors_origins = ["*"] }

  expect_failures = [var.cors_origins]
}

run "refuses_an_origin_with_a_path" {
  command = plan

  plan_options { target = [module.photos[0]] }

  variables { cors_origins = ["https://photos.example.com/"] }

  expect_failures = [var.cors_origins]
}

run "refuses_an_empty_map_of_renditions" {
  command = plan

  plan_options { target = [module.thumbnail] }

  variables { renditions = {} }

  expect_failures = [var.renditions]
}

run "refuses_a_rendition_with_an_invalid_name" {
  command = plan

  plan_options { target = [module.thumbnail] }

  variables {
    renditions = { "big/picture" = { fit = "inside", width_px = 400, height_px = 400, format = "webp", quality = 80 } }
  }

  expect_failures = [var.renditions]
}

run "refuses_a_rendition_with_an_unknown_fit" {
  command = plan

  plan_options { target = [module.thumbnail] }

  variables {
    renditions = { thumb = { fit = "fill", width_px = 400, height_px = 400, format = "webp", quality = 80 } }
  }

  expect_failures = [var.renditions]
}

run "refuses_a_rendition_of_width_zero" {
  command = plan

  plan_options { target = [module.thumbnail] }

  variables {
    renditions = { thumb = { fit = "inside", width_px = 0, height_px = 400, format = "webp", quality = 80 } }
  }

  expect_failures = [var.renditions]
}

run "refuses_a_rendition_larger_than_the_maximum" {
  command = plan

  plan_options { target = [module.thumbnail] }

  variables {
    renditions = { thumb = { fit = "inside", width_px = 400, height_px = 4097, format = "webp", quality = 80 } }
  }

  expect_failures = [var.renditions]
}

run "refuses_a_rendition_in_an_unsupported_format" {
  command = plan

  plan_options { target = [module.thumbnail] }

  variables {
    renditions = { thumb = { fit = "inside", width_px = 400, height_px = 400, format = "png", quality = 80 } }
  }

  expect_failures = [var.renditions]
}

run "refuses_a_rendition_of_quality_zero" {
  command = plan

  plan_options { target = [module.thumbnail] }

  variables {
    renditions = { thumb = { fit = "inside", width_px = 400, height_px = 400, format = "webp", quality = 0 } }
  }

  expect_failures = [var.renditions]
}

run "refuses_a_domain_of_shares_without_a_certificate" {
  command = plan

  variables { shares_domain_name = "shared.example.com" }

  expect_failures = [var.shares_domain_name]
}

run "refuses_the_domain_of_the_page_for_shares" {
  command = plan

  variables {
    certificate_arn    = "arn:aws:acm:us-east-1:123456789012:certificate/1234abcd-12ab-34cd-56ef-1234567890ab"
    domain_name        = "photos.example.com"
    shares_domain_name = "photos.example.com"
  }

  expect_failures = [var.shares_domain_name]
}

run "refuses_tiles_without_tls" {
  command = plan

  variables {
    map_tiles_url         = "http://tile.example.org/{z}/{x}/{y}.png"
    map_tiles_attribution = "© Example"
  }

  expect_failures = [var.map_tiles_url]
}

run "refuses_a_tile_server_with_a_wildcard" {
  command = plan

  variables {
    map_tiles_url         = "https://*.example.org/{z}/{x}/{y}.png"
    map_tiles_attribution = "© Example"
  }

  expect_failures = [var.map_tiles_url]
}

run "refuses_a_tile_server_whose_name_has_a_number_of_a_tile" {
  command = plan

  variables {
    map_tiles_url         = "https://t{x}.example.org/{z}/{y}.png"
    map_tiles_attribution = "© Example"
  }

  expect_failures = [var.map_tiles_url]
}

run "refuses_tiles_with_a_number_before_the_server" {
  command = plan

  variables {
    map_tiles_url         = "https:{x}//tile.example.org/{z}/{y}.png"
    map_tiles_attribution = "© Example"
  }

  expect_failures = [var.map_tiles_url]
}

run "refuses_tiles_whose_port_is_a_number_of_a_tile" {
  command = plan

  variables {
    map_tiles_url         = "https://tile.example.org:{x}/{z}/{y}.png"
    map_tiles_attribution = "© Example"
  }

  expect_failures = [var.map_tiles_url]
}

run "refuses_tiles_without_a_row" {
  command = plan

  variables {
    map_tiles_url         = "https://tile.example.org/{z}/{x}.png"
    map_tiles_attribution = "© Example"
  }

  expect_failures = [var.map_tiles_url]
}

run "refuses_tiles_of_unnamed_makers" {
  command = plan

  variables { map_tiles_url = "https://tile.example.org/{z}/{x}/{y}.png" }

  expect_failures = [var.map_tiles_attribution]
}
